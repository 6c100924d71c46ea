package jsgx.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import jsgx.arch.AccessCheck;
import jsgx.arch.Fault;
import jsgx.arch.Leaf;
import jsgx.arch.LeafCheck;
import jsgx.arch.Outcome;
import jsgx.arch.leaf.Eadd;
import jsgx.arch.leaf.Ecreate;
import jsgx.arch.leaf.Eextend;
import jsgx.arch.leaf.Einit;
import jsgx.arch.struct.SgxError;
import jsgx.driver.EpcCause;
import jsgx.driver.Errno;
import jsgx.driver.FileCause;
import jsgx.driver.InterfaceKind;
import jsgx.driver.Refusal;
import jsgx.image.EnclaveImage;
import jsgx.launch.le.LeAnswer;
import jsgx.launch.le.LeProfile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What people read of a refusal. */
class ExplainerTest {

    @Test
    void everyCheckOfEinitHasAnAdviceOfItsOwn() {
        assertThat(Arrays.stream(Einit.Check.values()).map(LeafAdvice::of))
                .doesNotHaveDuplicates()
                .allMatch(advice -> advice.length() > 20);
    }

    @Test
    void everyCheckOfTheLeavesThatBuildHasAnAdvice() {
        Stream<LeafCheck> checks = Stream.of(Ecreate.Check.values(), Eadd.Check.values(), Eextend.Check.values())
                .flatMap(Arrays::stream);
        Stream<LeafCheck> access =
                Arrays.stream(AccessCheck.Kind.values()).map(kind -> new AccessCheck(Leaf.EINIT, kind));

        assertThat(Stream.concat(checks, access).map(LeafAdvice::of)).allMatch(advice -> advice.length() > 20);
    }

    @Test
    void everyRuleOfTheDriverHasAnAdvice() {
        assertThat(Stream.<Refusal.Cause[]>of(
                                FileCause.values(),
                                EpcCause.values(),
                                jsgx.driver.mainline.Init.Cause.values(),
                                jsgx.driver.mainline.Create.Cause.values(),
                                jsgx.driver.mainline.AddPages.Cause.values())
                        .flatMap(Arrays::stream)
                        .map(DriverAdvice::of))
                .allMatch(advice -> advice.length() > 5);
    }

    @ParameterizedTest
    @EnumSource
    void aCodeOfEinitIsTheInterfacesOrEperm(InterfaceKind kind) {
        Outcome outcome =
                new Outcome.Error(Einit.Check.ATTRIBUTES, SgxError.INVALID_ATTRIBUTE, Outcome.Flags.ZF, "this", "that");

        Explanation why = Explainer.leaf(kind, "INIT", kind == InterfaceKind.MAINLINE ? -1 : 2, outcome, List.of());

        assertThat(why.headline())
                .isEqualTo(
                        switch (kind) {
                            case V5 ->
                                "EINIT: SGX_INVALID_ATTRIBUTE (2); the v5 interface returns 2, mainline would return EPERM";
                            case ISGX ->
                                "EINIT: SGX_INVALID_ATTRIBUTE (2); the isgx interface returns 2, mainline would return EPERM";
                            case MAINLINE ->
                                "EINIT: SGX_INVALID_ATTRIBUTE (2); the mainline interface returns EPERM for every code of"
                                        + " EINIT, v5 and isgx would return 2";
                        });
        assertThat(why.check()).isEqualTo(Einit.Check.ATTRIBUTES.rule());
        assertThat(why.where())
                .isEqualTo("SDM 3D, EINIT; step %d of %d"
                        .formatted(Einit.Check.ATTRIBUTES.ordinal() + 1, Einit.Check.values().length));
        assertThat(why.expected()).isEqualTo("this");
        assertThat(why.found()).isEqualTo("that");
    }

    @Test
    void aFaultIsNamed() {
        Outcome gp = new Outcome.Faulted(Einit.Check.SECS_VALID, Fault.pf(0x7000, 1), "a SECS", "none");

        assertThat(Explainer.leaf(InterfaceKind.V5, "INIT", -14, gp, List.of()).headline())
                .isEqualTo("EINIT: #PF(0x7000, error 0x1); the v5 interface returns EFAULT, mainline would return EIO");
        assertThat(Explainer.leaf(InterfaceKind.MAINLINE, "INIT", -5, gp, List.of())
                        .headline())
                .isEqualTo(
                        "EINIT: #PF(0x7000, error 0x1); the mainline interface returns EIO, v5 and isgx would return EFAULT");
        Outcome create = new Outcome.Faulted(Ecreate.Check.XFRM_LEGAL, Fault.gp(), "3", "11");
        assertThat(Explainer.leaf(InterfaceKind.MAINLINE, "CREATE", -5, create, List.of())
                        .headline())
                .isEqualTo("ECREATE: #GP(0); the mainline interface returns EIO");
    }

    @Test
    void theDriversOwnRuleIsNamed() {
        Refusal refusal = new Refusal(EpcCause.RECLAIMABLE, Errno.ENOMEM.result(), "a page", "none");

        Explanation why = Explainer.driver(InterfaceKind.V5, "ADD_PAGE", refusal);

        assertThat(why.headline()).isEqualTo("ADD_PAGE: the v5 interface returns ENOMEM");
        assertThat(why.check()).isEqualTo(EpcCause.RECLAIMABLE.rule());
        assertThat(why.where()).isEqualTo("the v5 driver, ADD_PAGE");
        assertThat(why.whatToDo()).contains("--epc");
    }

    @Test
    void lossOfPowerIsNamed() {
        Explanation why = Explainer.unexplained(InterfaceKind.ISGX, "INIT", 0x4000_0000);

        assertThat(why.found()).contains("EPC's content was lost");
        assertThat(why.whatToDo()).isEqualTo("build the enclave again");
    }

    @Test
    void whatTheLaunchEnclaveRefusesIsNamed() {
        int[] results = {
            0,
            LeAnswer.INVALID_ATTRIBUTE,
            LeAnswer.INVALID_PRIVILEGE,
            LeAnswer.UNEXPECTED_ERROR,
            LeAnswer.LE_GET_EINITTOKEN_KEY_ERROR,
            LeAnswer.LE_INVALID_ATTRIBUTE,
            LeAnswer.LE_INVALID_PRIVILEGE_ERROR,
            LeAnswer.LE_WHITELIST_UNINITIALIZED_ERROR
        };
        for (int result : results) {
            Explanation why = Explainer.launchEnclave(InterfaceKind.V5, LeProfile.INTEL, result, 16, "ATTRIBUTES 0x4");
            assertThat(why.check()).isNotEmpty();
            assertThat(why.whatToDo()).isNotEmpty();
            assertThat(why.found()).isEqualTo("ATTRIBUTES 0x4");
        }
    }

    @Test
    void aDifferenceIsLookedForOnlyWhereTheMeasurementIsWrong() {
        EnclaveImage image = TestEnclaves.image(1);
        EnclaveImage flipped = TestEnclaves.flipped(image);
        Outcome wrong =
                new Outcome.Error(Einit.Check.ENCLAVEHASH, SgxError.INVALID_MEASUREMENT, Outcome.Flags.ZF, "a", "b");
        Outcome other = new Outcome.Error(
                Einit.Check.TOKEN_MRENCLAVE, SgxError.INVALID_MEASUREMENT, Outcome.Flags.ZF, "a", "b");

        assertThat(Explainer.difference(wrong, image, flipped)).anyMatch(line -> line.contains("page 0x3000"));
        assertThat(Explainer.difference(wrong, image, image))
                .containsExactly("the two images agree: the SIGSTRUCT is for a third one");
        assertThat(Explainer.difference(other, image, flipped)).isEmpty();
    }
}
