package jsgx.launch.le;

import static org.assertj.core.api.Assertions.assertThat;

import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.PageType;
import jsgx.arch.struct.Secinfo;
import jsgx.arch.struct.Sigstruct;
import jsgx.arch.struct.Tcs;
import jsgx.image.EnclaveImage;
import jsgx.image.ImageMeasurement;
import jsgx.image.SigstructCheck;
import jsgx.launch.TestPlatforms;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The launch enclave's image and signature. */
class LaunchEnclaveTest {

    /** A change of the code, the layout or the encoder changes these: then a token of before still holds, but say so. */
    @ParameterizedTest
    @CsvSource({
        "V5, 68a2cbfdddd2049a0519895190150d47c9dee5908412971721d1cec4f36e6c8d",
        "DCAP, ebf2c8a5db637ca9ed787ade8f6978c100797334333d2cdf834e6c197873d8e1",
        "INTEL, e863f601cfe0e50aa3173f623c6464f073f2cdfce54ba90c58a67d72326b61f0"
    })
    void measuresTheSameInEveryBuild(LeProfile profile, String mrEnclave) {
        assertThat(ImageMeasurement.measure(LeImage.of(profile, WhiteList.NONE)).mrEnclave())
                .isEqualTo(mrEnclave);
    }

    @ParameterizedTest
    @EnumSource
    void hasTheLayoutOfTheV5Proxy(LeProfile profile) {
        EnclaveImage image = LeImage.of(profile, WhiteList.NONE);

        assertThat(image.ssaFrameSize()).isEqualTo(1);
        assertThat(image.pages().getFirst().type()).isEqualTo(PageType.TCS);
        assertThat(image.pages().stream().skip(1))
                .allMatch(page -> page.flags() == (0x200 | Secinfo.R | Secinfo.W | Secinfo.X))
                .allMatch(page -> page.measured() == 0xffff);
        assertThat(Long.bitCount(image.size())).isEqualTo(1);
        assertThat(image.size()).isGreaterThanOrEqualTo(image.pages().size() * 4096L);
        Tcs tcs = new Tcs(image.pages().getFirst().content());
        assertThat(tcs.ossa()).isEqualTo(0x1000);
        assertThat(tcs.oentry()).isEqualTo(0x2000);
        assertThat(tcs.nssa()).isEqualTo(1);
        assertThat(tcs.fsLimit()).isEqualTo(-1);
        assertThat(tcs.reservedIsZero()).isTrue();
    }

    @Test
    void isSignedAsTheEraSignedIt() {
        LaunchEnclave enclave = LaunchEnclave.of(TestPlatforms.LE_KEY, LeProfile.V5, WhiteList.NONE);
        Sigstruct sigstruct = enclave.sigstruct();

        assertThat(SigstructCheck.check(sigstruct).valid()).isTrue();
        assertThat(sigstruct.attributes()).isEqualTo(new Attributes(0x24, 3));
        assertThat(sigstruct.attributeMask()).isEqualTo(new Attributes(-1, -1));
        assertThat(sigstruct.miscMask()).isEqualTo(-1);
        assertThat(sigstruct.vendor()).isZero();
        assertThat(sigstruct.enclaveHash().toArray(Layouts.U8))
                .isEqualTo(ImageMeasurement.measure(enclave.image()).mrEnclaveBytes());
        assertThat(SigstructCheck.mrSigner(sigstruct)).isEqualTo(TestPlatforms.LE_KEY.mrSigner());
        assertThat(LaunchEnclave.of(TestPlatforms.LE_KEY, LeProfile.V5, WhiteList.NONE)
                        .sigstruct()
                        .memory()
                        .toArray(Layouts.U8))
                .isEqualTo(sigstruct.memory().toArray(Layouts.U8));
    }
}
