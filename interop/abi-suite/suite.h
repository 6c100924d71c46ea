// A test runs in a process of its own with a deadline. What it prints, and whatever it starts, ends with it.
#ifndef SUITE_H
#define SUITE_H

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/enclave.h"

struct test {
  const char *name;
  void (*run)(void);
  const char *limit; // under jsgx this may deviate: the heading in docs/native.md under which it is told
  struct test *next;
};

void add_test(struct test *test);

#define DEFINE(name, limit)                                                  \
  static void name(void);                                                    \
  __attribute__((constructor)) static void add_##name(void) {                \
    static struct test test = {#name, name, limit, NULL};                    \
    add_test(&test);                                                         \
  }                                                                          \
  static void name(void)

#define TEST(name) DEFINE(name, NULL)
#define LIMIT_TEST(name, limit) DEFINE(name, limit)

void skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void differs(const char *file, int line, const char *what, long expected, long found) __attribute__((noreturn));

#define EQ(expected, found)                                                  \
  do {                                                                       \
    long e_ = (long)(expected), f_ = (long)(found);                          \
    if (e_ != f_) {                                                          \
      differs(__FILE__, __LINE__, #found, e_, f_);                           \
    }                                                                        \
  } while (0)

#define TRUE(condition)                                                      \
  do {                                                                       \
    if (!(condition)) {                                                      \
      differs(__FILE__, __LINE__, #condition, 1, 0);                         \
    }                                                                        \
  } while (0)

// A call that returns -1 with this errno, or one that does not return -1.
#define FAILS(error, call)                                                   \
  do {                                                                       \
    errno = 0;                                                               \
    EQ(-1, (long)(call));                                                    \
    EQ(error, errno);                                                        \
  } while (0)

#define WORKS(call)                                                          \
  ({                                                                         \
    errno = 0;                                                               \
    long r_ = (long)(call);                                                  \
    if (r_ == -1) {                                                          \
      fail("%s:%d: %s", __FILE__, __LINE__, #call);                          \
    }                                                                        \
    r_;                                                                      \
  })

// Whether CPUID leaf 12H shows these.
int has_sgx2(void);
int has_edeccssa(void);
void needs_sgx2(void);

// The enclave's function raises this exception, with this error code and address.
void raises(struct enclave *e, struct op *op, int vector, int error_code, uint64_t address);
// ENCLU in the enclave.
uint64_t leaf(struct enclave *e, int number, uint64_t rbx, uint64_t rcx, uint64_t rdx);

// A page without access, and an address that nothing can be mapped at.
void *nothing(void);
#define NON_CANONICAL 0x8000000000000000UL

// In a child: its exit status, or 256 + the signal that killed it.
int in_child(void (*f)(void *), void *arg);

void handle(int signal, void (*handler)(int, siginfo_t *, void *));

#endif
