import { ffiContract } from './ffi-contract.ts';

ffiContract('koffi');
