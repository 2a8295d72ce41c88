// SPDX-License-Identifier: Apache-2.0
/*
 * connect ROUNDS (NAME CGROUP ADDRESS PORT)...: nanoseconds of one connect() of a UDP socket, per round
 * and way, as "NAME NEW AGAIN": of a new socket, and of the same once more. The ways take turns within a
 * round, so that noise meets all of them alike.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SOCKETS = 128 };

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

static void join(const char *cgroup)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1)
		fail(path);
	close(fd);
}

/* Nanoseconds per socket. */
static double connect_all(const int *sockets, const struct sockaddr_in *target)
{
	double started = now_ns();
	int each;

	for (each = 0; each < SOCKETS; each++) {
		if (connect(sockets[each], (const struct sockaddr *)target, sizeof(*target)))
			fail("connect");
	}
	return (now_ns() - started) / SOCKETS;
}

static void measure(const char *name, const char *address, const char *port)
{
	struct sockaddr_in target = { .sin_family = AF_INET, .sin_port = htons(atoi(port)) };
	struct sockaddr_in any = { .sin_family = AF_INET };
	int sockets[SOCKETS];
	double first;
	int each;

	if (inet_pton(AF_INET, address, &target.sin_addr) != 1)
		fail(address);
	for (each = 0; each < SOCKETS; each++) {
		sockets[each] = socket(AF_INET, SOCK_DGRAM, 0);
		/* A port now: the search for one is not to be measured. */
		if (sockets[each] < 0 || bind(sockets[each], (struct sockaddr *)&any, sizeof(any)))
			fail("socket");
	}
	first = connect_all(sockets, &target);
	printf("%s %.1f %.1f\n", name, first, connect_all(sockets, &target));
	for (each = 0; each < SOCKETS; each++)
		close(sockets[each]);
}

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 0;
	int round, way;

	if (rounds < 1 || argc < 6 || (argc - 2) % 4) {
		fprintf(stderr, "usage: connect ROUNDS (NAME CGROUP ADDRESS PORT)...\n");
		return 2;
	}
	for (round = 0; round < rounds; round++) {
		for (way = 2; way < argc; way += 4) {
			join(argv[way + 1]);
			measure(argv[way], argv[way + 2], argv[way + 3]);
		}
	}
	return 0;
}
