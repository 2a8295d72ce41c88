// SPDX-License-Identifier: Apache-2.0
/*
 * dial: for each line "NAME PORT PAUSE_US PATIENCE_MS DEADLINE_MS ADDRESS..." on stdin, connects to the
 * addresses in turn until each was answered by NAME. Prints when the last one was, in nanoseconds of
 * CLOCK_MONOTONIC, or 0 after the deadline; then how many connections that took, and how many of them
 * nobody answered.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_ADDRESSES = 64, LONGEST_NAME = 32 };

struct order {
	char name[LONGEST_NAME];
	int pause_us;
	int patience_ms;
	int deadline_ms;
	int count;
	struct sockaddr_in targets[MOST_ADDRESSES];
};

static long long now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* Bytes of the answer, or -1 where none came in time. */
static int ask(const struct sockaddr_in *target, int patience_ms, char *answer)
{
	/* A reset at the end: hundreds of thousands of these leave no port behind in TIME_WAIT. */
	struct linger reset = { .l_onoff = 1 };
	struct pollfd waiting = { .events = POLLIN };
	int length = -1;

	waiting.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (waiting.fd < 0 || setsockopt(waiting.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset))) {
		perror("socket");
		exit(1);
	}
	if (!connect(waiting.fd, (const struct sockaddr *)target, sizeof(*target)) || errno == EINPROGRESS) {
		if (poll(&waiting, 1, patience_ms) == 1)
			length = read(waiting.fd, answer, LONGEST_NAME);
	}
	close(waiting.fd);
	return length;
}

static int parse(char *line, struct order *order)
{
	const char *separators = " \n";
	char *name = strtok(line, separators), *port = strtok(NULL, separators);
	char *pause = strtok(NULL, separators), *patience = strtok(NULL, separators);
	char *deadline = strtok(NULL, separators), *address;

	if (!deadline || strlen(name) >= LONGEST_NAME)
		return -1;
	strcpy(order->name, name);
	order->pause_us = atoi(pause);
	order->patience_ms = atoi(patience);
	order->deadline_ms = atoi(deadline);
	order->count = 0;
	while ((address = strtok(NULL, separators))) {
		struct sockaddr_in *target = &order->targets[order->count];

		if (order->count++ == MOST_ADDRESSES || inet_pton(AF_INET, address, &target->sin_addr) != 1)
			return -1;
		target->sin_family = AF_INET;
		target->sin_port = htons(atoi(port));
	}
	return 0;
}

static void run(const struct order *order)
{
	long long deadline = now_ns() + order->deadline_ms * 1000000LL;
	long attempts = 0, unanswered = 0;
	int done = 0;

	while (done < order->count) {
		char answer[LONGEST_NAME];
		int length = ask(&order->targets[done], order->patience_ms, answer);

		attempts++;
		unanswered += length <= 0;
		if (length == (int)strlen(order->name) && !memcmp(answer, order->name, length)) {
			done++;
			continue;
		}
		if (now_ns() > deadline)
			break;
		if (order->pause_us)
			usleep(order->pause_us);
	}
	printf("%lld %ld %ld\n", done < order->count ? 0 : now_ns(), attempts, unanswered);
	fflush(stdout);
}

int main(void)
{
	static char line[4096];
	static struct order order;

	while (fgets(line, sizeof(line), stdin)) {
		if (parse(line, &order)) {
			fprintf(stderr, "dial: Cannot read the order\n");
			return 2;
		}
		run(&order);
	}
	return 0;
}
