// mmap, mprotect, munmap and mremap of the device, and what /proc shows of it.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

#include "suite.h"

enum { R = PROT_READ, W = PROT_WRITE, X = PROT_EXEC };

static void *map(struct enclave *e, uint64_t offset, uint64_t length, int protection) {
  return mmap((void *)(e->base + offset), length, protection, MAP_SHARED | MAP_FIXED, e->fd, 0);
}

// What /proc/self/maps says of an address: start, end, "rwxs", name. Returns 0 where nothing is mapped.
struct line {
  uint64_t start, end, offset;
  char mode[8], device[16], name[256];
  uint64_t inode;
};

static int line_at(const void *address, struct line *line) {
  FILE *maps = fopen("/proc/self/maps", "r");
  TRUE(maps != NULL);
  char text[512];
  int found = 0;
  while (!found && fgets(text, sizeof text, maps) != NULL) {
    memset(line, 0, sizeof *line);
    int fields = sscanf(text, "%lx-%lx %7s %lx %15s %lu %255[^\n]", &line->start, &line->end, line->mode, &line->offset,
                        line->device, &line->inode, line->name);
    TRUE(fields >= 6);
    found = line->start <= (uint64_t)address && (uint64_t)address < line->end;
  }
  fclose(maps);
  return found;
}

static void shows(uint64_t address, uint64_t start, uint64_t end, const char *mode) {
  struct line line;
  if (!line_at((void *)address, &line)) {
    errno = 0;
    fail("/proc/self/maps shows nothing at %#lx", address);
  }
  if (line.start != start || line.end != end || strcmp(line.mode, mode) != 0 || strcmp(line.name, "/dev/sgx_enclave") != 0) {
    errno = 0;
    fail("/proc/self/maps: expected %lx-%lx %s /dev/sgx_enclave, found %lx-%lx %s %s", start, end, mode, line.start, line.end,
         line.mode, line.name);
  }
}

TEST(map_before_create) {
  struct enclave e;
  enclave_open(&e, 0);
  int protections[] = {PROT_NONE, R, R | W, R | X, X, R | W | X};
  for (size_t i = 0; i < sizeof protections / sizeof *protections; i++) {
    char *at = mmap(NULL, 3 * PAGE, protections[i], MAP_SHARED, e.fd, 0);
    TRUE(at != MAP_FAILED);
    WORKS(munmap(at, 3 * PAGE));
  }
}

TEST(map_with_bad_arguments) {
  struct enclave e;
  enclave_open(&e, 0);
  FAILS(EINVAL, mmap(NULL, PAGE, R, MAP_PRIVATE, e.fd, 0));
  FAILS(EINVAL, mmap(NULL, 0, R, MAP_SHARED, e.fd, 0));
  FAILS(EINVAL, mmap(NULL, PAGE, R, MAP_SHARED, e.fd, 1));
  FAILS(EINVAL, mmap((void *)(e.base + 1), PAGE, R, MAP_SHARED | MAP_FIXED, e.fd, 0));
  FAILS(EINVAL, mmap(NULL, PAGE, R, 0, e.fd, 0));
  FAILS(ENOMEM, mmap(NULL, -PAGE, R, MAP_SHARED, e.fd, 0));
  FAILS(ENOMEM, mmap(NULL, 1UL << 48, R, MAP_SHARED, e.fd, 0));
  FAILS(ENOMEM, mmap((void *)-(2 * PAGE), PAGE, R, MAP_SHARED | MAP_FIXED, e.fd, 0));
  FAILS(EBADF, mmap(NULL, PAGE, R, MAP_SHARED, 1000, 0));
  FAILS(EEXIST, mmap((void *)enclave_code, PAGE, R, MAP_SHARED | MAP_FIXED_NOREPLACE, e.fd, 0));
}

TEST(map_of_a_read_only_descriptor) {
  int fd = WORKS(open("/dev/sgx_enclave", O_RDONLY));
  FAILS(EACCES, mmap(NULL, PAGE, R | W, MAP_SHARED, fd, 0));
  WORKS(mmap(NULL, PAGE, R, MAP_SHARED, fd, 0));
  fd = WORKS(open("/dev/sgx_enclave", O_WRONLY));
  FAILS(EACCES, mmap(NULL, PAGE, R, MAP_SHARED, fd, 0));
}

LIMIT_TEST(mprotect_of_a_read_only_descriptors_mapping, "device files") {
  int fd = WORKS(open("/dev/sgx_enclave", O_RDONLY));
  void *at = (void *)WORKS(mmap(NULL, PAGE, R, MAP_SHARED, fd, 0));
  FAILS(EACCES, mprotect(at, PAGE, R | W));
}

TEST(map_takes_any_offset_and_length) {
  struct enclave e;
  enclave_build(&e, 0);
  void *at = (void *)(e.base + SPARE);
  EQ(at, mmap(at, 100, R | W, MAP_SHARED | MAP_FIXED, e.fd, 7 * PAGE)); // the offset says nothing
  enclave_write8(&e, e.base + SPARE + 4000, 5);
  EQ(5, enclave_read8(&e, e.base + SPARE + 4000));
}

TEST(map_gives_no_more_than_the_page_was_added_with) {
  struct enclave e;
  enclave_build(&e, 0);
  struct {
    uint64_t offset;
    int most;
  } pages[] = {{TCS0, R | W}, {CODE, R | X}, {SPARE, R | W}, {READONLY, R}, {RWX, R | W | X}, {ADDED, R | W | X}};
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
    for (int protection = 0; protection <= (R | W | X); protection++) {
      void *at = map(&e, pages[i].offset, PAGE, protection);
      if ((protection & ~pages[i].most) == 0) {
        EQ(e.base + pages[i].offset, at);
      } else {
        int error = errno;
        EQ(-1, (long)at);
        EQ(EACCES, error);
      }
    }
  }
  FAILS(EACCES, map(&e, SPARE, 2 * PAGE, R | W)); // the second page is read-only
  WORKS(map(&e, SPARE, 2 * PAGE, R));
}

TEST(map_outside_of_the_enclave) {
  struct enclave e;
  enclave_open(&e, 0);
  EQ(0, enclave_create(&e));
  char *outside = mmap(NULL, PAGE, R, MAP_SHARED, e.fd, 0);
  TRUE(outside != MAP_FAILED); // before INIT anything goes
  enclave_add_all(&e);
  enclave_sign(&e, 0);
  EQ(0, enclave_init(&e));
  FAILS(EACCES, mmap(NULL, PAGE, R, MAP_SHARED, e.fd, 0));
  FAILS(EACCES, mmap((void *)(e.base + SIZE - PAGE), 2 * PAGE, PROT_NONE, MAP_SHARED | MAP_FIXED, e.fd, 0));
  WORKS(mmap((void *)(e.base + SIZE - PAGE), PAGE, R | W | X, MAP_SHARED | MAP_FIXED, e.fd, 0));
  WORKS(munmap(outside, PAGE));
}

TEST(a_failed_fixed_mapping_leaves_what_was_there) {
  struct enclave e;
  enclave_build(&e, 0);
  enclave_write8(&e, e.base + SPARE, 11);
  FAILS(EINVAL, mmap((void *)(e.base + SPARE), PAGE, R, MAP_PRIVATE | MAP_FIXED, e.fd, 0));
  EQ(11, enclave_read8(&e, e.base + SPARE));
}

TEST(mprotect_obeys_the_same_limits) {
  struct enclave e;
  enclave_build(&e, 0);
  void *spare = (void *)(e.base + SPARE);
  FAILS(EACCES, mprotect(spare, PAGE, R | X));
  FAILS(EACCES, mprotect(spare, PAGE, R | W | X));
  FAILS(EACCES, mprotect((void *)(e.base + TCS0), PAGE, X));
  FAILS(EACCES, mprotect((void *)(e.base + READONLY), PAGE, R | W));
  FAILS(EACCES, mprotect(spare, 3 * PAGE, R | W)); // the second page is read-only
  WORKS(mprotect(spare, PAGE, PROT_NONE));
  WORKS(mprotect(spare, PAGE, R));
  WORKS(mprotect(spare, PAGE, R | W));
  FAILS(EINVAL, mprotect((char *)spare + 1, PAGE, R));
}

TEST(mprotect_of_a_reservation_is_the_programs_own) {
  struct enclave e;
  enclave_build(&e, 0);
  void *hole = mmap((void *)(e.base + ADDED), PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  TRUE(hole != MAP_FAILED);
  WORKS(mprotect(hole, PAGE, R | W));
  *(volatile char *)hole = 1; // ordinary memory in the enclave's range
  struct line line;
  TRUE(line_at(hole, &line));
  EQ(0, strcmp("rw-p", line.mode));
}

TEST(protection_of_the_mapping_rules_in_the_enclave) {
  struct enclave e;
  enclave_build(&e, 0);
  uint64_t at = e.base + SPARE;
  enclave_write8(&e, at, 1);
  WORKS(mprotect((void *)at, PAGE, R));
  EQ(1, enclave_read8(&e, at));
  raises(&e, &(struct op){OP_WRITE, {at, 2}}, PF, ERR_U | ERR_W | ERR_P, at); // the page table's fault: no SGX bit
  WORKS(mprotect((void *)at, PAGE, PROT_NONE));
  struct run run;
  EQ(PF, call(&e, &(struct op){OP_READ, {at}}, &run));
  EQ(0, run.error_code & (ERR_SGX | ERR_W | ERR_I));
  EQ(at, run.address);
  WORKS(mprotect((void *)at, PAGE, R | W));
  enclave_write8(&e, at, 3);
  EQ(3, enclave_read8(&e, at));
}

TEST(unmapped_pages_fault_and_come_back) {
  struct enclave e;
  enclave_build(&e, 0);
  uint64_t at = e.base + SPARE;
  enclave_write8(&e, at, 21);
  WORKS(munmap((void *)at, PAGE));
  raises(&e, &(struct op){OP_READ, {at}}, PF, ERR_U, at);
  raises(&e, &(struct op){OP_WRITE, {at, 1}}, PF, ERR_U | ERR_W, at);
  struct line line;
  EQ(0, line_at((void *)at, &line));
  WORKS(map(&e, SPARE, PAGE, R | W));
  EQ(21, enclave_read8(&e, at));
  WORKS(munmap((void *)e.base, SIZE));
  struct run run;
  EQ(PF, call(&e, &(struct op){OP_NOP}, &run)); // at EENTER itself
  EQ(EENTER, run.function);
  EQ(e.base + TCS0, run.address & -PAGE);
  enclave_map(&e, e.fd);
  EQ(21, enclave_read8(&e, at));
}

TEST(maps_shows_the_device) {
  struct enclave e;
  enclave_open(&e, 0);
  EQ(0, enclave_create(&e));
  TRUE(map(&e, 0, SIZE, R) != MAP_FAILED);
  shows(e.base, e.base, e.base + SIZE, "r--s");
  WORKS(mprotect((void *)(e.base + DATA), 2 * PAGE, R | W));
  shows(e.base, e.base, e.base + DATA, "r--s");
  shows(e.base + DATA, e.base + DATA, e.base + DATA + 2 * PAGE, "rw-s");
  shows(e.base + SPARE, e.base + DATA + 2 * PAGE, e.base + SIZE, "r--s");
  WORKS(munmap((void *)(e.base + SPARE), PAGE));
  shows(e.base + READONLY, e.base + SPARE + PAGE, e.base + SIZE, "r--s");
  struct line line;
  EQ(0, line_at((void *)(e.base + SPARE), &line));
}

TEST(maps_shows_an_initialised_enclave) {
  struct enclave e;
  enclave_build(&e, 0);
  enclave_write8(&e, e.base + SPARE, 1); // some pages are in use, others are not
  // Each is a mapping of its own: the kernel merges none of a device.
  shows(e.base + TCS0, e.base, e.base + PAGE, "rw-s");
  shows(e.base + CODE, e.base + CODE, e.base + DATA, "r-xs");
  shows(e.base + SPARE, e.base + SPARE, e.base + READONLY, "rw-s");
  shows(e.base + RWX, e.base + RWX, e.base + ADDED, "rwxs");
}

TEST(maps_shows_everything_else_as_it_is) {
  struct enclave e;
  enclave_build(&e, 0);
  char *anonymous = mmap(NULL, 3 * PAGE, R | W, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  WORKS(mprotect(anonymous + PAGE, PAGE, R));
  struct line line;
  TRUE(line_at(anonymous + PAGE, &line));
  EQ(0, strcmp("r--p", line.mode));
  EQ(0, strcmp("", line.name));
  EQ(PAGE, line.end - line.start);
  TRUE(line_at(&line, &line));
  EQ(0, strcmp("[stack]", line.name));
}

TEST(smaps_shows_the_device) {
  struct enclave e;
  enclave_build(&e, 0);
  FILE *smaps = fopen("/proc/self/smaps", "r");
  TRUE(smaps != NULL);
  char text[512], expected[64];
  snprintf(expected, sizeof expected, "%lx-%lx r-xs", e.base + CODE, e.base + DATA);
  int found = 0;
  while (fgets(text, sizeof text, smaps) != NULL) {
    found |= strncmp(text, expected, strlen(expected)) == 0 && strstr(text, "/dev/sgx_enclave") != NULL;
  }
  fclose(smaps);
  TRUE(found);
}

TEST(mremap_does_not_grow) {
  struct enclave e;
  enclave_build(&e, 0);
  FAILS(EFAULT, mremap((void *)(e.base + RWX), PAGE, 2 * PAGE, 0));
  FAILS(EFAULT, mremap((void *)(e.base + RWX), PAGE, 2 * PAGE, MREMAP_MAYMOVE));
  FAILS(EFAULT, mremap((void *)(e.base + RWX), 0, PAGE, MREMAP_MAYMOVE)); // a second mapping
  FAILS(EINVAL, mremap((void *)(e.base + RWX + 1), PAGE, PAGE, 0));
  FAILS(EINVAL, mremap((void *)(e.base + RWX), PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP));
  enclave_write8(&e, e.base + RWX, 5);
  EQ(5, enclave_read8(&e, e.base + RWX));
}

TEST(mremap_shrinks) {
  struct enclave e;
  enclave_build(&e, 0);
  EQ(e.base + DATA, mremap((void *)(e.base + DATA), 9 * PAGE, 2 * PAGE, 0)); // the SSA frames and SPARE go
  enclave_map(&e, e.fd);
  enclave_write8(&e, e.base + SPARE, 5);
}

TEST(madvise_does_not_drop_pages) {
  struct enclave e;
  enclave_build(&e, 0);
  enclave_write8(&e, e.base + SPARE, 6);
  FAILS(EINVAL, madvise((void *)(e.base + SPARE), PAGE, MADV_DONTNEED));
  EQ(6, enclave_read8(&e, e.base + SPARE));
}

TEST(a_personality_that_makes_all_executable_is_refused) {
  struct enclave e;
  enclave_open(&e, 0);
  int old = personality(0xffffffff);
  if (personality((unsigned)old | READ_IMPLIES_EXEC) == -1) {
    skip("no right to change the personality");
  }
  FAILS(EACCES, mmap(NULL, PAGE, R, MAP_SHARED, e.fd, 0));
  personality((unsigned)old);
}

LIMIT_TEST(the_host_reads_all_ones, "the program and the enclave's memory") {
  struct enclave e;
  enclave_build(&e, 0);
  enclave_write8(&e, e.base + SPARE, 0x1234);
  EQ(-1, *(volatile long *)(e.base + SPARE));
}

LIMIT_TEST(the_host_writes_nothing, "the program and the enclave's memory") {
  struct enclave e;
  enclave_build(&e, 0);
  enclave_write8(&e, e.base + SPARE, 0x1234);
  *(volatile long *)(e.base + SPARE) = 5;
  EQ(0x1234, enclave_read8(&e, e.base + SPARE));
}

LIMIT_TEST(a_system_call_reads_all_ones, "the program and the enclave's memory") {
  struct enclave e;
  enclave_build(&e, 0);
  int ends[2];
  WORKS(pipe(ends));
  EQ(8, WORKS(write(ends[1], (void *)(e.base + SPARE), 8)));
  long found;
  EQ(8, WORKS(read(ends[0], &found, 8)));
  EQ(-1, found);
}
