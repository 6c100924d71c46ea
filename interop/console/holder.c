// Holds enclaves of different sizes until standard input ends:
//
//   console-holder SIGNER PAGES...     an enclave for each number, with so many pages more than it needs, signed by that key
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/enclave.h"

enum { ROOM = 0x1000000 }; // SECS.SIZE

void fail(const char *format, ...) {
  int error = errno;
  va_list args;
  va_start(args, format);
  fprintf(stderr, "console-holder: ");
  vfprintf(stderr, format, args);
  fprintf(stderr, error != 0 ? ": %s\n" : "\n", strerror(error));
  exit(1);
}

static void hold(struct enclave *e, int signer, int more) {
  static char zero[PAGE] __attribute__((aligned(4096)));
  enclave_open(e, 0);
  munmap((void *)e->base, SIZE);
  e->base = e->secs.base = reserve(ROOM);
  e->secs.size = ROOM;
  if ((errno = enclave_create(e)) != 0) {
    fail("CREATE");
  }
  enclave_add_all(e);
  for (int i = 0; i < more; i++) {
    if ((errno = enclave_add(e, SIZE + (uint64_t)i * PAGE, zero, PAGE, SI_REG | SI_R | SI_W, true)) != 0) {
      fail("ADD_PAGES");
    }
  }
  enclave_sign(e, signer);
  if ((errno = enclave_init(e)) != 0) {
    fail("INIT");
  }
}

int main(int count, char **words) {
  struct enclave *enclaves = calloc(count, sizeof *enclaves);
  if (count < 3 || enclaves == NULL) {
    fail("expected a signer's number, and numbers of pages");
  }
  for (int i = 2; i < count; i++) {
    hold(&enclaves[i], atoi(words[1]), atoi(words[i]));
  }
  printf("held %d\n", count - 2);
  fflush(stdout);
  while (getchar() != EOF) {
  }
}
