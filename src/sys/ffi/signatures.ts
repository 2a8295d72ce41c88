/**
 * How a C function is called. Both libraries report failure as -errno:
 * - 'i32': the result as it is (libbpf's functions return -errno themselves)
 * - 'errno': libc's -1 becomes -errno
 * - 'pointer': NULL (undefined) is an ordinary answer
 * - 'created': NULL or MAP_FAILED becomes -errno
 */
export type ResultType = 'void' | 'i32' | 'errno' | 'pointer' | 'created';
export type ArgumentType = 'i32' | 'u32' | 'u64' | 'pointer' | 'string';
export type Signature = readonly [ResultType, readonly ArgumentType[]];
export type SignatureTable = Readonly<Record<string, Signature>>;

/** Present in libbpf 1.1 (Debian 12) and later. */
export const LIBBPF = {
  bpf_link_create: ['i32', ['i32', 'i32', 'i32', 'pointer']],
  bpf_link_detach: ['i32', ['i32']],
  bpf_link_get_fd_by_id: ['i32', ['u32']],
  bpf_link_get_next_id: ['i32', ['u32', 'pointer']],
  bpf_link_update: ['i32', ['i32', 'i32', 'pointer']],
  bpf_map_create: ['i32', ['u32', 'string', 'u32', 'u32', 'u32', 'pointer']],
  bpf_map_delete_batch: ['i32', ['i32', 'pointer', 'pointer', 'pointer']],
  bpf_map_delete_elem: ['i32', ['i32', 'pointer']],
  bpf_map_get_fd_by_id: ['i32', ['u32']],
  bpf_map_get_next_id: ['i32', ['u32', 'pointer']],
  bpf_map_get_next_key: ['i32', ['i32', 'pointer', 'pointer']],
  bpf_map_lookup_batch: ['i32', ['i32', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer']],
  bpf_map_lookup_elem: ['i32', ['i32', 'pointer', 'pointer']],
  bpf_map_update_batch: ['i32', ['i32', 'pointer', 'pointer', 'pointer', 'pointer']],
  bpf_map_update_elem: ['i32', ['i32', 'pointer', 'pointer', 'u64']],
  bpf_map__fd: ['i32', ['pointer']],
  bpf_map__initial_value: ['pointer', ['pointer', 'pointer']],
  bpf_map__key_size: ['i32', ['pointer']],
  bpf_map__map_flags: ['i32', ['pointer']],
  bpf_map__max_entries: ['i32', ['pointer']],
  bpf_map__name: ['pointer', ['pointer']],
  bpf_map__reuse_fd: ['i32', ['pointer', 'i32']],
  bpf_map__set_max_entries: ['i32', ['pointer', 'u32']],
  bpf_map__type: ['i32', ['pointer']],
  bpf_map__value_size: ['i32', ['pointer']],
  bpf_obj_get: ['i32', ['string']],
  bpf_obj_get_info_by_fd: ['i32', ['i32', 'pointer', 'pointer']],
  bpf_obj_pin: ['i32', ['i32', 'string']],
  bpf_object__btf: ['pointer', ['pointer']],
  bpf_object__close: ['void', ['pointer']],
  bpf_object__load: ['i32', ['pointer']],
  bpf_object__next_map: ['pointer', ['pointer', 'pointer']],
  bpf_object__next_program: ['pointer', ['pointer', 'pointer']],
  bpf_object__open_file: ['created', ['string', 'pointer']],
  bpf_prog_get_fd_by_id: ['i32', ['u32']],
  bpf_prog_get_next_id: ['i32', ['u32', 'pointer']],
  bpf_prog_load: ['i32', ['u32', 'string', 'string', 'pointer', 'u64', 'pointer']],
  bpf_prog_query: ['i32', ['i32', 'u32', 'u32', 'pointer', 'pointer', 'pointer']],
  bpf_prog_test_run_opts: ['i32', ['i32', 'pointer']],
  bpf_program__expected_attach_type: ['i32', ['pointer']],
  bpf_program__fd: ['i32', ['pointer']],
  bpf_program__name: ['pointer', ['pointer']],
  bpf_program__set_autoload: ['i32', ['pointer', 'i32']],
  bpf_tc_attach: ['i32', ['pointer', 'pointer']],
  bpf_tc_detach: ['i32', ['pointer', 'pointer']],
  bpf_tc_hook_create: ['i32', ['pointer']],
  bpf_tc_hook_destroy: ['i32', ['pointer']],
  bpf_tc_query: ['i32', ['pointer', 'pointer']],
  btf__find_by_name_kind: ['i32', ['pointer', 'string', 'u32']],
  btf__name_by_offset: ['pointer', ['pointer', 'u32']],
  btf__type_by_id: ['pointer', ['pointer', 'u32']],
  libbpf_num_possible_cpus: ['i32', []],
  libbpf_set_print: ['pointer', ['pointer']],
} as const satisfies SignatureTable;

export const LIBC = {
  bind: ['errno', ['i32', 'pointer', 'u32']],
  connect: ['errno', ['i32', 'pointer', 'u32']],
  fcntl: ['errno', ['i32', 'i32', 'u64']],
  flock: ['errno', ['i32', 'i32']],
  getsockopt: ['errno', ['i32', 'i32', 'i32', 'pointer', 'pointer']],
  malloc_trim: ['i32', ['u64']],
  memcpy: ['pointer', ['pointer', 'pointer', 'u64']],
  mmap: ['created', ['pointer', 'u64', 'i32', 'i32', 'i32', 'u64']],
  mount: ['errno', ['string', 'string', 'string', 'u64', 'pointer']],
  recv: ['errno', ['i32', 'pointer', 'u64', 'i32']],
  socket: ['errno', ['i32', 'i32', 'i32']],
  strlen: ['i32', ['pointer']],
  umount2: ['errno', ['string', 'i32']],
  vsnprintf: ['i32', ['pointer', 'u64', 'pointer', 'pointer']],
} as const satisfies SignatureTable;
