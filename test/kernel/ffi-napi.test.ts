import { ffiContract } from './ffi-contract.ts';

ffiContract('ffi-napi');
