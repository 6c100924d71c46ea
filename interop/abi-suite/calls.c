// The ioctls of /dev/sgx_enclave: each rule and its errno, in the order of the checks.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "suite.h"

static char page[PAGE] __attribute__((aligned(4096)));

static long request(struct enclave *e, unsigned long cmd, const void *arg) {
  return ioctl(e->fd, cmd, arg);
}

static void created(struct enclave *e) {
  enclave_open(e, 0);
  EQ(0, enclave_create(e));
}

TEST(unknown_requests) {
  struct enclave e;
  enclave_open(&e, 0);
  char arg[4096] = {0};
  unsigned long unknown[] = {
      0, 0xa4, 0xa400, 0xa401, SGX_VEPC_REMOVE_ALL, _IOW(0xa4, 8, uint64_t), _IOWR(0xa4, 0, struct sgx_create),
      _IOW(0xa4, 1, struct sgx_add_pages), _IOW(0xa4, 0, uint32_t), _IOW(0xa4, 0xff, uint64_t), _IOW(0xa3, 0, uint64_t),
      ISGX_ADD_PAGE, ISGX_INIT, 0x5401 /* TCGETS */, 0xffffffff};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    FAILS(ENOTTY, request(&e, unknown[i], arg));
    FAILS(ENOTTY, request(&e, unknown[i], NULL));
  }
  EQ(0, enclave_create(&e));
}

TEST(the_upper_half_of_a_request_is_ignored) {
  struct enclave e;
  enclave_open(&e, 0);
  struct sgx_create arg = {(uint64_t)&e.secs};
  WORKS(syscall(SYS_ioctl, e.fd, SGX_CREATE | 0xffffffff00000000, &arg));
}

TEST(requests_before_create) {
  struct enclave e;
  enclave_open(&e, 0);
  FAILS(EINVAL, request(&e, SGX_ADD_PAGES, NULL)); // the state is checked before the argument
  FAILS(EINVAL, request(&e, SGX_INIT, NULL));
  if (has_sgx2()) {
    FAILS(EINVAL, request(&e, SGX_RESTRICT_PERMISSIONS, NULL));
    FAILS(EINVAL, request(&e, SGX_MODIFY_TYPES, NULL));
    FAILS(EINVAL, request(&e, SGX_REMOVE_PAGES, NULL));
  } else {
    FAILS(ENODEV, request(&e, SGX_RESTRICT_PERMISSIONS, NULL));
    FAILS(ENODEV, request(&e, SGX_MODIFY_TYPES, NULL));
    FAILS(ENODEV, request(&e, SGX_REMOVE_PAGES, NULL));
  }
}

TEST(create_with_bad_pointers) {
  struct enclave e;
  enclave_open(&e, 0);
  struct sgx_create arg;
  uint64_t bad[] = {0, 1, (uint64_t)nothing(), NON_CANONICAL, -1UL, -4096UL, 0x7fffffffffff};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    FAILS(EFAULT, request(&e, SGX_CREATE, (void *)bad[i]));
    arg.src = bad[i];
    FAILS(EFAULT, request(&e, SGX_CREATE, &arg));
  }
  // A SECS that crosses into a page without access; an argument that does.
  char *two = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  WORKS(mprotect(two + PAGE, PAGE, PROT_NONE));
  memcpy(two + 8, &e.secs, PAGE - 8);
  arg.src = (uint64_t)two + 8;
  FAILS(EFAULT, request(&e, SGX_CREATE, &arg));
  FAILS(EFAULT, request(&e, SGX_CREATE, two + PAGE - 4));
  // One that is not aligned is fine.
  char *odd = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(odd + 1, &e.secs, PAGE);
  arg.src = (uint64_t)odd + 1;
  WORKS(mprotect(odd, 2 * PAGE, PROT_READ));
  WORKS(request(&e, SGX_CREATE, &arg));
}

static void create_fails(int error, void (*spoil)(struct secs *)) {
  struct enclave e;
  enclave_open(&e, 0);
  struct secs good = e.secs;
  spoil(&e.secs);
  EQ(error, enclave_create(&e));
  e.secs = good; // a refused one leaves the file as it was
  EQ(0, enclave_create(&e));
  close(e.fd);
}

#define SPOIL(name, statement)                                               \
  static void name(struct secs *secs) {                                      \
    statement;                                                               \
  }

SPOIL(size_0, secs->size = 0)
SPOIL(size_odd, secs->size = 3 * PAGE)
SPOIL(size_not_whole, secs->size = SIZE + 1)
SPOIL(size_page, secs->size = PAGE)
SPOIL(size_large, (secs->size = 1UL << 60, secs->base = 0))
SPOIL(base_odd, secs->base += PAGE)
SPOIL(base_not_canonical, secs->base = NON_CANONICAL)
SPOIL(xfrm_0, secs->xfrm = 0)
SPOIL(xfrm_x87, secs->xfrm = 1)
SPOIL(xfrm_unknown, secs->xfrm |= 1UL << 62)
SPOIL(frame_0, secs->ssaframesize = 0)
SPOIL(misc_unknown, secs->miscselect = 1u << 31)
SPOIL(attribute_init, secs->attributes |= ATTR_INIT)
SPOIL(attribute_3, secs->attributes |= 8)
SPOIL(attribute_63, secs->attributes |= 1UL << 63)
SPOIL(reserved_first, secs->reserved1[23] = 1)
SPOIL(reserved_middle, secs->reserved3[0] = 1)
SPOIL(reserved_last, secs->reserved4[3833] = 1)

TEST(create_of_a_size_that_is_no_power_of_two) {
  create_fails(EINVAL, size_0);
  create_fails(EINVAL, size_odd);
  create_fails(EINVAL, size_not_whole);
}

TEST(create_that_ecreate_refuses) {
  create_fails(EIO, size_page);
  create_fails(EIO, size_large);
  create_fails(EIO, base_odd);
  create_fails(EIO, base_not_canonical);
  create_fails(EIO, xfrm_0);
  create_fails(EIO, xfrm_x87);
  create_fails(EIO, xfrm_unknown);
  create_fails(EIO, frame_0);
  create_fails(EIO, misc_unknown);
  create_fails(EIO, attribute_init);
  create_fails(EIO, attribute_3);
  create_fails(EIO, attribute_63);
  create_fails(EIO, reserved_first);
  create_fails(EIO, reserved_middle);
  create_fails(EIO, reserved_last);
}

TEST(create_twice) {
  struct enclave e;
  created(&e);
  FAILS(EINVAL, request(&e, SGX_CREATE, NULL)); // before the argument is looked at
  EQ(EINVAL, enclave_create(&e));
}

TEST(add_with_bad_ranges) {
  struct enclave e;
  created(&e);
  struct {
    uint64_t offset, length;
  } bad[] = {{1, PAGE},        {0xfff, PAGE},      {DATA, 0},          {DATA, 1},           {DATA, PAGE + 8},
             {SIZE, PAGE},     {SIZE - PAGE, 2 * PAGE}, {DATA, SIZE},  {-PAGE, PAGE},       {-PAGE, 2 * PAGE},
             {DATA, -PAGE},    {0, 1UL << 63},     {1UL << 63, PAGE},  {NON_CANONICAL, PAGE}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    EQ(EINVAL, enclave_add(&e, bad[i].offset, page, bad[i].length, SI_REG | SI_R, true));
  }
  EQ(EINVAL, enclave_add(&e, DATA, page + 1, PAGE, SI_REG | SI_R, true));
  EQ(EINVAL, enclave_add(&e, DATA, page + 8, PAGE, SI_REG | SI_R, true));
}

TEST(add_with_bad_secinfo) {
  struct enclave e;
  created(&e);
  uint64_t bad[] = {0,
                    SI_R,
                    PT_SECS << 8 | SI_R,
                    PT_VA << 8,
                    SI_TRIM,
                    5 << 8,
                    SI_REG | SI_W,
                    SI_REG | SI_W | SI_X,
                    SI_TCS | SI_R,
                    SI_TCS | SI_R | SI_W,
                    SI_TCS | SI_X,
                    SI_REG | SI_R | SI_PENDING,
                    SI_REG | SI_R | SI_MODIFIED,
                    SI_REG | SI_R | SI_PR,
                    SI_REG | SI_R | 1 << 16,
                    SI_REG | SI_R | 1UL << 63};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    EQ(EINVAL, enclave_add(&e, DATA, page, PAGE, bad[i], true));
  }
  struct secinfo secinfo = {SI_REG | SI_R, {[55] = 1}};
  struct sgx_add_pages arg = {(uint64_t)page, DATA, PAGE, (uint64_t)&secinfo, 0, 0};
  FAILS(EINVAL, request(&e, SGX_ADD_PAGES, &arg));
}

TEST(add_with_bad_pointers) {
  struct enclave e;
  created(&e);
  struct secinfo secinfo = {.flags = SI_REG | SI_R};
  uint64_t bad[] = {0, PAGE, (uint64_t)nothing(), NON_CANONICAL, -PAGE, 0x7ffffffff000};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    FAILS(EFAULT, request(&e, SGX_ADD_PAGES, (void *)bad[i]));
    struct sgx_add_pages arg = {(uint64_t)page, DATA, PAGE, bad[i], 0, 5};
    FAILS(EFAULT, request(&e, SGX_ADD_PAGES, &arg));
    EQ(5, arg.count); // not written back
  }
  // The source.
  struct sgx_add_pages arg = {(uint64_t)nothing(), DATA, PAGE, (uint64_t)&secinfo, 0, 5};
  FAILS(EFAULT, request(&e, SGX_ADD_PAGES, &arg));
  EQ(0, arg.count); // written back
  // The argument can be read and not written: the page is there.
  struct sgx_add_pages *readonly = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *readonly = (struct sgx_add_pages){(uint64_t)page, DATA, PAGE, (uint64_t)&secinfo, 0, 0};
  WORKS(mprotect(readonly, PAGE, PROT_READ));
  FAILS(EFAULT, request(&e, SGX_ADD_PAGES, readonly));
  EQ(EBUSY, enclave_add(&e, DATA, page, PAGE, SI_REG | SI_R, false));
  // A SECINFO need not be aligned.
  char odd[128];
  memcpy(odd + 1, &secinfo, sizeof secinfo);
  arg = (struct sgx_add_pages){(uint64_t)page, DATA + PAGE, PAGE, (uint64_t)odd + 1, 0, 0};
  WORKS(request(&e, SGX_ADD_PAGES, &arg));
  EQ(PAGE, arg.count);
}

TEST(add_stops_at_the_first_page_that_fails) {
  struct enclave e;
  created(&e);
  EQ(0, enclave_add(&e, DATA + 2 * PAGE, page, PAGE, SI_REG | SI_R, false));
  char *source = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct secinfo secinfo = {.flags = SI_REG | SI_R};
  struct sgx_add_pages arg = {(uint64_t)source, DATA, 4 * PAGE, (uint64_t)&secinfo, SGX_MEASURE, -1UL};
  FAILS(EBUSY, request(&e, SGX_ADD_PAGES, &arg));
  EQ(2 * PAGE, arg.count);
  // A source of which the second page has no access.
  WORKS(mprotect(source + PAGE, PAGE, PROT_NONE));
  arg.offset = SPARE;
  FAILS(EFAULT, request(&e, SGX_ADD_PAGES, &arg));
  EQ(PAGE, arg.count);
}

TEST(add_ignores_unknown_flags) {
  struct enclave e;
  created(&e);
  struct secinfo secinfo = {.flags = SI_REG | SI_R};
  struct sgx_add_pages arg = {(uint64_t)page, DATA, PAGE, (uint64_t)&secinfo, ~1UL, 0};
  WORKS(request(&e, SGX_ADD_PAGES, &arg));
  measure_page(&e, DATA, SI_REG | SI_R, page, false);
  enclave_sign(&e, 0);
  EQ(0, enclave_init(&e));
}

TEST(add_of_a_tcs_that_eadd_refuses) {
  struct enclave e;
  created(&e);
  struct tcs tcs = {.ossa = SSA0, .nssa = 1, .fslimit = ~0u, .gslimit = ~0u};
  tcs.reserved[4023] = 1;
  EQ(EIO, enclave_add(&e, TCS0, &tcs, PAGE, SI_TCS, true));
}

TEST(add_from_memory_that_is_never_executable) {
  char name[] = "/dev/shm/abi-suite-XXXXXX";
  int fd = mkstemp(name);
  if (fd < 0) {
    skip("no /dev/shm to map from");
  }
  unlink(name);
  WORKS(ftruncate(fd, PAGE));
  void *source = (void *)WORKS(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
  if (mprotect(source, PAGE, PROT_READ | PROT_EXEC) == 0) {
    skip("/dev/shm is not mounted noexec");
  }
  struct enclave e;
  created(&e);
  EQ(EACCES, enclave_add(&e, DATA, source, PAGE, SI_REG | SI_R, true));
}

TEST(add_after_init) {
  struct enclave e;
  enclave_build(&e, 0);
  FAILS(EINVAL, request(&e, SGX_ADD_PAGES, NULL));
  EQ(EINVAL, enclave_add(&e, ADDED, page, PAGE, SI_REG | SI_R, true));
}

TEST(add_many_pages_at_once) {
  struct enclave e;
  created(&e);
  char *source = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 16; i++) {
    source[i * PAGE] = (char)i;
  }
  EQ(0, enclave_add(&e, 0, source, 16 * PAGE, SI_REG | SI_R | SI_W, true));
  enclave_sign(&e, 0);
  EQ(0, enclave_init(&e));
}

// An enclave with its pages, ready for INIT.
static void ready(struct enclave *e, uint64_t attributes) {
  enclave_open(e, attributes);
  EQ(0, enclave_create(e));
  enclave_add_all(e);
  enclave_sign(e, 0);
}

TEST(init_with_bad_pointers) {
  struct enclave e;
  ready(&e, 0);
  uint64_t bad[] = {0, (uint64_t)nothing(), NON_CANONICAL, -8UL, 0x7ffffffff000};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    FAILS(EFAULT, request(&e, SGX_INIT, (void *)bad[i]));
    FAILS(EFAULT, request(&e, SGX_INIT, &(struct sgx_init){bad[i]}));
  }
  char *two = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  WORKS(mprotect(two + PAGE, PAGE, PROT_NONE));
  FAILS(EFAULT, request(&e, SGX_INIT, &(struct sgx_init){(uint64_t)two + PAGE - 1807}));
  memcpy(two + PAGE - 1808, &e.sig, 1808); // as small as that, at any address
  WORKS(request(&e, SGX_INIT, &(struct sgx_init){(uint64_t)two + PAGE - 1808}));
}

TEST(init_twice) {
  struct enclave e;
  ready(&e, 0);
  EQ(0, enclave_init(&e));
  EQ(EINVAL, enclave_init(&e));
  FAILS(EINVAL, request(&e, SGX_INIT, NULL));
}

TEST(init_of_another_vendor) {
  struct enclave e;
  ready(&e, 0);
  e.sig.vendor = 1;
  EQ(EINVAL, enclave_init(&e));
  e.sig.vendor = 0x8086;
  enclave_sign(&e, 0);
  EQ(0, enclave_init(&e));
}

TEST(init_that_demands_what_the_machine_has_not) {
  struct enclave e;
  ready(&e, 0);
  e.sig.attributes |= 8; // reserved, and in the mask
  EQ(EINVAL, enclave_init(&e));
  e.sig.attributes &= ~8UL;
  e.sig.miscselect = 1u << 31;
  e.sig.miscmask = 1u << 31;
  EQ(EINVAL, enclave_init(&e));
  e.sig.miscselect = e.sig.miscmask = 0;
  e.sig.xfrm |= 1UL << 62;
  EQ(EINVAL, enclave_init(&e));
  e.sig.xfrm &= ~(1UL << 62);
  e.sig.xfrm_mask = 3;
  enclave_sign(&e, 0);
  EQ(0, enclave_init(&e));
}

static void init_fails(int error, int signer, void (*spoil)(struct sigstruct *), void (*spoil_signed)(struct sigstruct *)) {
  struct enclave e;
  ready(&e, 0);
  struct sigstruct good = e.sig;
  if (spoil != NULL) {
    spoil(&e.sig);
    sigstruct_sign(&e.sig, signer);
  }
  if (spoil_signed != NULL) {
    spoil_signed(&e.sig);
  }
  EQ(error, enclave_init(&e));
  e.sig = good; // a refused one can be tried again
  EQ(0, enclave_init(&e));
  close(e.fd);
}

#define SPOIL_SIG(name, statement)                                           \
  static void name(struct sigstruct *sig) {                                  \
    statement;                                                               \
  }

SPOIL_SIG(other_hash, sig->enclavehash[31] ^= 1)
SPOIL_SIG(other_attributes, sig->attributes |= ATTR_DEBUG)
SPOIL_SIG(other_xfrm, (sig->xfrm = 7, sig->xfrm_mask = 7))
SPOIL_SIG(other_header, sig->header[0] ^= 1)
SPOIL_SIG(reserved, sig->reserved4[11] = 1)
SPOIL_SIG(signature, sig->signature[0] ^= 1)
SPOIL_SIG(body, sig->isvsvn ^= 1)
SPOIL_SIG(q1, sig->q1[0] ^= 1)
SPOIL_SIG(q2, sig->q2[0] ^= 1)
SPOIL_SIG(modulus, sig->modulus[0] ^= 2)
SPOIL_SIG(exponent, sig->exponent = 65537)

TEST(init_that_einit_refuses) {
  init_fails(EPERM, 0, other_hash, NULL);
  init_fails(EPERM, 0, other_attributes, NULL);
  init_fails(EPERM, 0, other_xfrm, NULL);
  init_fails(EPERM, 0, other_header, NULL);
  init_fails(EPERM, 0, reserved, NULL);
  init_fails(EPERM, 0, NULL, signature);
  init_fails(EPERM, 0, NULL, body);
  init_fails(EPERM, 0, NULL, q1);
  init_fails(EPERM, 0, NULL, q2);
  init_fails(EPERM, 0, NULL, modulus);
  init_fails(EPERM, 0, NULL, exponent);
}

TEST(provisioning_needs_the_other_device) {
  struct enclave e;
  ready(&e, ATTR_PROVISIONKEY);
  EQ(EACCES, enclave_init(&e));
  FAILS(EFAULT, request(&e, SGX_PROVISION, NULL));
  FAILS(EFAULT, request(&e, SGX_PROVISION, nothing()));
  uint64_t bad[] = {-1UL, 1 << 20, (uint64_t)e.fd, (uint64_t)WORKS(open("/dev/null", O_RDWR))};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    FAILS(EINVAL, request(&e, SGX_PROVISION, &(struct sgx_provision){bad[i]}));
  }
  EQ(EACCES, enclave_init(&e));
  int fd = WORKS(open("/dev/sgx_provision", O_RDONLY));
  WORKS(request(&e, SGX_PROVISION, &(struct sgx_provision){(uint64_t)fd}));
  close(fd);
  FAILS(EINVAL, request(&e, SGX_PROVISION, &(struct sgx_provision){(uint64_t)fd}));
  EQ(0, enclave_init(&e));
}

TEST(provisioning_takes_the_lower_half_of_the_descriptor) {
  struct enclave e;
  ready(&e, ATTR_PROVISIONKEY);
  uint64_t fd = (uint64_t)WORKS(open("/dev/sgx_provision", O_RDONLY));
  WORKS(request(&e, SGX_PROVISION, &(struct sgx_provision){fd | 1UL << 32}));
  EQ(0, enclave_init(&e));
}

TEST(create_forgets_a_provisioning_right) {
  struct enclave e;
  enclave_open(&e, ATTR_PROVISIONKEY);
  uint64_t fd = (uint64_t)WORKS(open("/dev/sgx_provision", O_RDONLY));
  WORKS(request(&e, SGX_PROVISION, &(struct sgx_provision){fd}));
  EQ(0, enclave_create(&e));
  enclave_add_all(&e);
  enclave_sign(&e, 0);
  EQ(EACCES, enclave_init(&e));
}

TEST(the_token_key_is_for_nobody) {
  struct enclave e;
  ready(&e, ATTR_EINITTOKENKEY);
  EQ(EACCES, enclave_init(&e));
}

TEST(two_signers) {
  struct enclave a, b;
  ready(&a, 0);
  ready(&b, 0);
  sigstruct_sign(&b.sig, 1);
  EQ(0, enclave_init(&a));
  EQ(0, enclave_init(&b));
}

// The three calls of SGX2 on pages of an initialised enclave: length and outputs have the same rules.

TEST(restrict_with_bad_arguments) {
  needs_sgx2();
  struct enclave e;
  enclave_build(&e, 0);
  FAILS(EFAULT, request(&e, SGX_RESTRICT_PERMISSIONS, NULL));
  FAILS(EFAULT, request(&e, SGX_RESTRICT_PERMISSIONS, nothing()));
  struct sgx_restrict_permissions bad[] = {
      {DATA, 0, SI_R, 0, 0},      {DATA + 1, PAGE, SI_R, 0, 0},     {DATA, PAGE + 1, SI_R, 0, 0}, {SIZE, PAGE, SI_R, 0, 0},
      {DATA, -PAGE, SI_R, 0, 0},  {DATA, PAGE, 8, 0, 0},            {DATA, PAGE, SI_W, 0, 0},     {DATA, PAGE, SI_R, 1, 0},
      {DATA, PAGE, SI_R, 0, 1},   {DATA, PAGE, SI_R | 1UL << 63, 0, 0}, {TCS0, PAGE, SI_R, 0, 0}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    FAILS(EINVAL, request(&e, SGX_RESTRICT_PERMISSIONS, &bad[i]));
  }
  EQ(0, bad[10].count); // a TCS: not regular
  struct sgx_restrict_permissions absent = {ADDED, PAGE, SI_R, 0, 0};
  FAILS(EFAULT, request(&e, SGX_RESTRICT_PERMISSIONS, &absent));
  EQ(0, absent.count);
  struct sgx_restrict_permissions partly = {RWX, 2 * PAGE, SI_R, 0, 0};
  FAILS(EFAULT, request(&e, SGX_RESTRICT_PERMISSIONS, &partly));
  EQ(PAGE, partly.count);
  EQ(0, partly.result);
}

TEST(restrict_and_extend) {
  needs_sgx2();
  struct enclave e;
  enclave_build(&e, 0);
  uint64_t at = e.base + SPARE;
  enclave_write8(&e, at, 1);
  struct sgx_restrict_permissions restrict_ = {SPARE, PAGE, SI_R, 0, 0};
  WORKS(request(&e, SGX_RESTRICT_PERMISSIONS, &restrict_));
  EQ(PAGE, restrict_.count);
  EQ(0, restrict_.result);
  raises(&e, &(struct op){OP_WRITE, {at, 2}}, PF, ERR_SGX | ERR_U | ERR_W | ERR_P, at);
  struct secinfo *secinfo = (void *)(e.base + DATA + 0x400);
  enclave_write8(&e, (uint64_t)secinfo, SI_REG | SI_R | SI_PR);
  EQ(0, leaf(&e, EACCEPT, (uint64_t)secinfo, at, 0));
  EQ(1, enclave_read8(&e, at));
  raises(&e, &(struct op){OP_WRITE, {at, 2}}, PF, ERR_SGX | ERR_U | ERR_W | ERR_P, at);
  enclave_write8(&e, (uint64_t)secinfo, SI_REG | SI_R | SI_W);
  leaf(&e, EMODPE, (uint64_t)secinfo, at, 0);
  enclave_write8(&e, at, 3);
  EQ(3, enclave_read8(&e, at));
}

TEST(modify_types_with_bad_arguments) {
  needs_sgx2();
  struct enclave e;
  enclave_build(&e, 0);
  FAILS(EFAULT, request(&e, SGX_MODIFY_TYPES, NULL));
  struct sgx_modify_types bad[] = {
      {DATA, 0, PT_TRIM, 0, 0},    {DATA + 8, PAGE, PT_TRIM, 0, 0}, {DATA, SIZE, PT_TRIM, 0, 0},
      {DATA, PAGE, 0x100, 0, 0},   {DATA, PAGE, PT_TRIM, 1, 0},     {DATA, PAGE, PT_TRIM, 0, 1},
      {DATA, PAGE, PT_SECS, 0, 0}, {DATA, PAGE, PT_REG, 0, 0},      {DATA, PAGE, PT_VA, 0, 0},
      {TCS1, PAGE, PT_TCS, 0, 0},  {DATA, PAGE, 1UL << 32 | PT_TRIM, 0, 0}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    FAILS(EINVAL, request(&e, SGX_MODIFY_TYPES, &bad[i]));
  }
  FAILS(EFAULT, request(&e, SGX_MODIFY_TYPES, (&(struct sgx_modify_types){ADDED, PAGE, PT_TRIM, 0, 0})));
  FAILS(EPERM, request(&e, SGX_MODIFY_TYPES, (&(struct sgx_modify_types){READONLY, PAGE, PT_TCS, 0, 0})));
}

TEST(trim_and_remove) {
  needs_sgx2();
  struct enclave e;
  enclave_build(&e, 0);
  FAILS(EFAULT, request(&e, SGX_REMOVE_PAGES, NULL));
  struct sgx_remove_pages bad[] = {{SPARE, 0, 0}, {SPARE + 1, PAGE, 0}, {SPARE, PAGE, 1}, {SIZE, PAGE, 0}, {-PAGE, PAGE, 0}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    FAILS(EINVAL, request(&e, SGX_REMOVE_PAGES, &bad[i]));
  }
  struct sgx_remove_pages remove = {SPARE, PAGE, 0};
  FAILS(EPERM, request(&e, SGX_REMOVE_PAGES, &remove)); // not trimmed
  EQ(0, remove.count);
  FAILS(EFAULT, request(&e, SGX_REMOVE_PAGES, (&(struct sgx_remove_pages){ADDED, PAGE, 0})));

  uint64_t at = e.base + SPARE;
  struct sgx_modify_types trim = {SPARE, PAGE, PT_TRIM, 0, 0};
  WORKS(request(&e, SGX_MODIFY_TYPES, &trim));
  EQ(PAGE, trim.count);
  EQ(0, trim.result);
  FAILS(EPERM, request(&e, SGX_REMOVE_PAGES, &remove)); // not accepted
  raises(&e, &(struct op){OP_READ, {at}}, PF, ERR_SGX | ERR_U | ERR_P, at);
  uint64_t secinfo = e.base + DATA + 0x400;
  enclave_write8(&e, secinfo, SI_TRIM | SI_MODIFIED);
  EQ(0, leaf(&e, EACCEPT, secinfo, at, 0));
  WORKS(request(&e, SGX_REMOVE_PAGES, &remove));
  EQ(PAGE, remove.count);
  FAILS(EFAULT, request(&e, SGX_REMOVE_PAGES, (&(struct sgx_remove_pages){SPARE, PAGE, 0})));
}

TEST(trim_of_a_trimmed_page) {
  needs_sgx2();
  struct enclave e;
  enclave_build(&e, 0);
  struct sgx_modify_types trim = {SPARE, PAGE, PT_TRIM, 0, 0};
  WORKS(request(&e, SGX_MODIFY_TYPES, &trim));
  trim.count = 0;
  FAILS(EINVAL, request(&e, SGX_MODIFY_TYPES, &trim)); // its type is PT_TRIM for the driver now
}

TEST(restrict_of_a_pending_page) {
  needs_sgx2();
  struct enclave e;
  enclave_build(&e, 0);
  uint64_t at = e.base + ADDED;
  TRUE(mmap((void *)at, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, e.fd, 0) != MAP_FAILED);
  raises(&e, &(struct op){OP_WRITE, {at, 1}}, PF, ERR_SGX | ERR_U | ERR_W | ERR_P, at); // EAUG: there now, and pending
  struct sgx_restrict_permissions arg = {ADDED, PAGE, SI_R, 0, 0};
  FAILS(EFAULT, request(&e, SGX_RESTRICT_PERMISSIONS, &arg));
  EQ(SGX_PAGE_NOT_MODIFIABLE, arg.result);
  EQ(0, arg.count);
}

TEST(a_thread_control_structure_made_later) {
  needs_sgx2();
  struct enclave e;
  enclave_build(&e, 0);
  uint64_t at = e.base + SPARE, secinfo = e.base + DATA + 0x400;
  struct tcs tcs;
  enclave_page(&e, TCS1, &tcs);
  enclave_copy(&e, &tcs, (void *)at, sizeof tcs);
  struct sgx_modify_types arg = {SPARE, PAGE, PT_TCS, 0, 0};
  WORKS(request(&e, SGX_MODIFY_TYPES, &arg));
  enclave_write8(&e, secinfo, SI_TCS | SI_MODIFIED);
  EQ(0, leaf(&e, EACCEPT, secinfo, at, 0));
  struct run run = {.tcs = at};
  struct op op = {OP_READ, {e.base + DATA + 0x400}};
  EQ(0, vdso_enter((uint64_t)&op, 0, 0, EENTER, 0, 0, &run));
  EQ(EEXIT, run.function);
  EQ(SI_TCS | SI_MODIFIED, op.result);
  // A TCS can be trimmed and not restricted.
  FAILS(EINVAL, request(&e, SGX_RESTRICT_PERMISSIONS, (&(struct sgx_restrict_permissions){SPARE, PAGE, SI_R, 0, 0})));
  WORKS(request(&e, SGX_MODIFY_TYPES, (&(struct sgx_modify_types){SPARE, PAGE, PT_TRIM, 0, 0})));
}

struct busy {
  struct enclave *e;
  volatile int stop, busy, other;
};

static void *ask(void *arg) {
  struct busy *busy = arg;
  while (!busy->stop) {
    if (request(busy->e, SGX_CREATE, NULL) == -1) {
      if (errno == EBUSY) {
        busy->busy++;
      } else if (errno != EINVAL) {
        busy->other = errno;
      }
    }
  }
  return NULL;
}

TEST(a_second_request_at_the_same_time_is_busy) {
  struct enclave e;
  created(&e);
  struct busy busy = {.e = &e};
  pthread_t thread;
  EQ(0, pthread_create(&thread, NULL, ask, &busy));
  int tries = 0, added = 0;
  for (uint64_t offset = 0; offset < SIZE; tries++) {
    int error = enclave_add(&e, offset, page, PAGE, SI_REG | SI_R, false);
    if (error == 0) {
      offset += PAGE;
      added++;
    } else {
      EQ(EBUSY, error);
    }
  }
  busy.stop = 1;
  EQ(0, pthread_join(thread, NULL));
  EQ(0, busy.other);
  EQ(SIZE / PAGE, added);
}
