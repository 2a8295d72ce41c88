/** See docs/decisions/015-bundle.md. */
export default {
  input: 'src/main.ts',
  platform: 'node',
  external: /^(?!@oxc-project)[@\w]/, // packages stay what npm installed, but for helpers of newer syntax
  transform: { target: 'node20.19' },
  output: { chunkFileNames: '[name].js', sourcemap: true },
};
