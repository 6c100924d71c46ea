package jsgx.arch.struct;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The manual's numbers and the manual's names. */
class NamesTest {

    @ParameterizedTest
    @CsvSource({
        "0, SGX_SUCCESS",
        "1, SGX_INVALID_SIG_STRUCT",
        "2, SGX_INVALID_ATTRIBUTE",
        "3, SGX_BLKSTATE",
        "4, SGX_INVALID_MEASUREMENT",
        "5, SGX_NOTBLOCKABLE",
        "6, SGX_PG_INVLD",
        "7, SGX_EPC_PAGE_CONFLICT",
        "8, SGX_INVALID_SIGNATURE",
        "9, SGX_MAC_COMPARE_FAIL",
        "10, SGX_PAGE_NOT_BLOCKED",
        "11, SGX_NOT_TRACKED",
        "12, SGX_VA_SLOT_OCCUPIED",
        "13, SGX_CHILD_PRESENT",
        "14, SGX_ENCLAVE_ACT",
        "15, SGX_ENTRYEPOCH_LOCKED",
        "16, SGX_INVALID_EINITTOKEN",
        "17, SGX_PREV_TRK_INCMPL",
        "18, SGX_PG_IS_SECS",
        "19, SGX_PAGE_ATTRIBUTES_MISMATCH",
        "20, SGX_PAGE_NOT_MODIFIABLE",
        "21, SGX_PAGE_NOT_DEBUGGABLE",
        "25, SGX_INVALID_COUNTER",
        "26, SGX_PG_NONEPC",
        "27, SGX_TRACK_NOT_REQUIRED",
        "28, SGX_INVALID_REPORTMACSTRUCT",
        "29, SGX_INSUFFICIENT_ENTROPY",
        "30, SGX_EPC_NOT_READY",
        "31, SGX_NO_UPDATE",
        "32, SGX_INVALID_CPUSVN",
        "64, SGX_INVALID_ISVSVN",
        "128, SGX_UNMASKED_EVENT",
        "256, SGX_INVALID_KEYNAME",
    })
    void errorsHaveTheManualsNumbers(int code, String name) {
        assertThat(SgxError.of(code)).map(SgxError::sdmName).contains(name);
        assertThat(SgxError.of(code)).map(SgxError::code).contains(code);
    }

    @Test
    void thereAreNoOtherErrors() {
        assertThat(SgxError.values()).hasSize(33);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 22, 24, 33, 257})
    void anUnknownErrorIsNone(int code) {
        assertThat(SgxError.of(code)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(PageType.class)
    void pageTypesRoundTrip(PageType type) {
        assertThat(PageType.of(type.code())).isEqualTo(type);
    }

    @ParameterizedTest
    @CsvSource({
        "0, SECS",
        "1, TCS",
        "2, REG",
        "3, VA",
        "4, TRIM",
        "5, SS_FIRST",
        "6, SS_REST",
        "7, RESERVED",
        "255, RESERVED"
    })
    void pageTypesHaveTheManualsNumbers(int code, PageType type) {
        assertThat(PageType.of(code)).isEqualTo(type);
    }

    @ParameterizedTest
    @CsvSource({"0, EINITTOKEN", "1, PROVISION", "2, PROVISION_SEAL", "3, REPORT", "4, SEAL"})
    void keysHaveTheManualsNumbers(int code, KeyName name) {
        assertThat(KeyName.of(code)).contains(name);
        assertThat(name.code()).isEqualTo(code);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 5, 0xFFFF})
    void anUnknownKeyIsNone(int code) {
        assertThat(KeyName.of(code)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "0x0, 0x0, 0 xfrm=0x0",
        "0x6, 0x3, DEBUG|MODE64BIT xfrm=0x3",
        "0x4F7, 0x1F, INIT|DEBUG|MODE64BIT|PROVISIONKEY|EINITTOKENKEY|CET|KSS|AEXNOTIFY xfrm=0x1f",
        "0x8, 0x0, 0x8 xfrm=0x0",
        "0x8000000000000001, 0x0, INIT|0x8000000000000000 xfrm=0x0",
    })
    void attributesAreRenderedByName(String flags, String xfrm, String text) {
        assertThat(new Attributes(parse(flags), parse(xfrm))).hasToString(text);
    }

    @Test
    void attributesAreAValue() {
        Attributes some = Attributes.NONE.with(Attributes.DEBUG | Attributes.KSS);

        assertThat(some.has(Attributes.DEBUG)).isTrue();
        assertThat(some.has(Attributes.DEBUG | Attributes.INIT)).isFalse();
        assertThat(some.without(Attributes.KSS)).isEqualTo(new Attributes(2, 0));
        assertThat(new Attributes(-1, -1).and(new Attributes(6, 3))).isEqualTo(new Attributes(6, 3));
    }

    @Test
    void policiesAndMiscSelectsAreRenderedByName() {
        assertThat(KeyPolicy.toString(0x3F))
                .isEqualTo("MRENCLAVE|MRSIGNER|NOISVPRODID|CONFIGID|ISVFAMILYID|ISVEXTPRODID");
        assertThat(KeyPolicy.RESERVED).isEqualTo(0xFFC0);
        assertThat(MiscSelect.toString(3)).isEqualTo("EXINFO|CPINFO");
        assertThat(MiscSelect.toString(1 << 31)).isEqualTo("0x80000000");
    }

    @Test
    void noTwoErrorsShareANumber() {
        assertThat(Arrays.stream(SgxError.values()).map(SgxError::code)).doesNotHaveDuplicates();
    }

    private static long parse(String hex) {
        return Long.parseUnsignedLong(hex.substring(2), 16);
    }
}
