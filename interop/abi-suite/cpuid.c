// What CPUID shows of SGX.
#include <cpuid.h>

#include "suite.h"

static unsigned r[4];

static void cpuid(unsigned leaf, unsigned subleaf) {
  __cpuid_count(leaf, subleaf, r[0], r[1], r[2], r[3]);
}

TEST(cpuid_leaf_7_shows_sgx) {
  cpuid(0, 0);
  TRUE(r[0] >= 0x12);
  cpuid(7, 0);
  EQ(1, r[1] >> 2 & 1);  // SGX
  EQ(1, r[2] >> 30 & 1); // SGX_LC
}

TEST(cpuid_leaf_12_shows_the_features) {
  cpuid(0x12, 0);
  EQ(1, r[0] & 1); // SGX1
  EQ(0, r[1] >> 1);
  TRUE((r[3] >> 8 & 0xff) >= 0x20);
  TRUE((r[3] & 0xff) >= 0x1f);
  cpuid(0x12, 1);
  EQ(ATTR_DEBUG | ATTR_MODE64BIT | ATTR_PROVISIONKEY | ATTR_EINITTOKENKEY, r[0] & 0x36);
  EQ(0, r[0] & (ATTR_INIT | 8));
  EQ(0, r[1]);
  EQ(3, r[2] & 3);
}

TEST(cpuid_leaf_12_shows_the_epc) {
  uint64_t total = 0;
  unsigned subleaf = 2;
  for (cpuid(0x12, subleaf); (r[0] & 15) == 1; cpuid(0x12, ++subleaf)) {
    uint64_t base = ((uint64_t)(r[1] & 0xfffff) << 32) + (r[0] & 0xfffff000);
    uint64_t size = ((uint64_t)(r[3] & 0xfffff) << 32) + (r[2] & 0xfffff000);
    TRUE(base != 0 && base % 4096 == 0);
    TRUE(size != 0);
    EQ(1, r[2] & 15); // confidentiality and integrity
    total += size;
  }
  TRUE(total > 0);
  EQ(0, r[0] | r[1] | r[2] | r[3]); // the end
}

TEST(cpuid_gives_the_same_in_every_thread_and_child) {
  cpuid(0x12, 2);
  unsigned low = r[2];
  TRUE(low != 0);
  cpuid(0x12, 2);
  EQ(low, r[2]);
}
