// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Holds no program: keeps the types of abi.h that no map mentions in the object's BTF. */
#include "abi.h"

/* libbpf leaves a section of this name alone, so that this costs no map. */
struct abi {
	enum scope scope;
	enum client client;
	enum verdict verdict;
	enum column_flag column_flag;
	enum column_shift column_shift;
	enum service_flag service_flag;
	enum backend_flag backend_flag;
	enum vip_flag vip_flag;
	enum member_flag member_flag;
	enum hook hook;
	enum flow_flag flow_flag;
	enum ct_tcp ct_tcp;
	enum ct_timeout ct_timeout;
	enum step step;
	enum device_role device_role;
	enum config_flag config_flag;
	enum reason reason;
	enum sizes sizes;
};

const struct abi abi __attribute__((section(".abi"), used));
