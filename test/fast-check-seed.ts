import process from 'node:process';
import { configureGlobal } from 'fast-check';

// In CI the same inputs each time; elsewhere other ones, and a failure prints its seed.
if (process.env['CI'] !== undefined) configureGlobal({ seed: 42 });
