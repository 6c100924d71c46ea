// Launches enclaves of different sizes and holds them until standard input ends:
//
//   console-holder SIGNER SIGSTRUCT PAGES...
//
// an enclave for each number, with so many pages more than it needs, signed by that key; the last SIGSTRUCT is written to the file. With
// "wrong" for a number the SIGSTRUCT is that of another enclave. It prints each MRENCLAVE, and exits with 1 where one is refused.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lib/enclave.h"

enum {
  ROOM = 0x1000000,      // SECS.SIZE
  SIGSTRUCT_SIZE = 1808, // what lies behind it in memory is padding
};

void fail(const char *format, ...) {
  int error = errno;
  va_list args;
  va_start(args, format);
  fprintf(stderr, "console-holder: ");
  vfprintf(stderr, format, args);
  fprintf(stderr, error != 0 ? ": %s\n" : "\n", strerror(error));
  exit(1);
}

static void hold(struct enclave *e, int signer, const char *sigstruct, const char *pages) {
  static char zero[PAGE] __attribute__((aligned(4096)));
  enclave_open(e, 0);
  munmap((void *)e->base, SIZE);
  e->base = e->secs.base = reserve(ROOM);
  e->secs.size = ROOM;
  if ((errno = enclave_create(e)) != 0) {
    fail("CREATE");
  }
  enclave_add_all(e);
  for (int i = 0; i < atoi(pages); i++) {
    if ((errno = enclave_add(e, SIZE + (uint64_t)i * PAGE, zero, PAGE, SI_REG | SI_R | SI_W, true)) != 0) {
      fail("ADD_PAGES");
    }
  }
  measure_end(e);
  if (strcmp(pages, "wrong") == 0) {
    e->sig.enclavehash[0] ^= 1;
  }
  sigstruct_sign(&e->sig, signer);
  FILE *file = fopen(sigstruct, "w");
  if (file == NULL || fwrite(&e->sig, SIGSTRUCT_SIZE, 1, file) != 1 || fclose(file) != 0) {
    fail("write %s", sigstruct);
  }
  for (size_t i = 0; i < sizeof e->sig.enclavehash; i++) {
    printf("%02x", e->sig.enclavehash[i]);
  }
  printf("\n");
  if ((errno = enclave_init(e)) != 0) {
    fail("INIT");
  }
}

int main(int count, char **words) {
  struct enclave *enclaves = calloc(count, sizeof *enclaves);
  if (count < 4 || enclaves == NULL) {
    fail("expected a signer's number, a file, and numbers of pages");
  }
  for (int i = 3; i < count; i++) {
    hold(&enclaves[i], atoi(words[1]), words[2], words[i]);
  }
  printf("held %d\n", count - 3);
  fflush(stdout);
  while (getchar() != EOF) {
  }
}
