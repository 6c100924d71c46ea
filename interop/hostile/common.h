// What the hostile programs share. Each ends with status 0 where it was treated as it should, and jsgx lives on.
#ifndef COMMON_H
#define COMMON_H
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../lib/enclave.h"

// jsgx still serves this process: an enclave can be built, entered, faulted in and let go.
void works(void);

// The same bytes in each run.
uint64_t random64(void);

// Runs f in a child: its exit status, or 256 + the signal that killed it; after some seconds it is killed.
int in_child(void (*f)(void));

// A child that must end so, as in_child says; else the program goes on, and has failed.
void expect(const char *what, int status, void (*f)(void));
extern int failed;

// A child may end in any way but by hanging.
void survives(const char *what, void (*f)(void));

// A child may do as it likes, if only SIGKILL ends it.
void ends_when_killed(const char *what, void (*f)(void));

double seconds(void);

#endif
