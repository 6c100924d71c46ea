package jsgx.arch.leaf;

import java.lang.foreign.MemorySegment;
import jsgx.arch.LogicalProcessor;
import jsgx.arch.ProcessorPackage;
import jsgx.arch.crypto.KeyDependencies;
import jsgx.arch.struct.Attributes;
import jsgx.arch.struct.EinitToken;
import jsgx.arch.struct.KeyName;
import jsgx.arch.struct.KeyPolicy;
import jsgx.arch.struct.KeyRequest;
import jsgx.arch.struct.Layouts;
import jsgx.arch.struct.Secs;
import jsgx.arch.struct.TargetInfo;

/**
 * What each key depends on (SDM 3D, EGETKEY, "Key Derivation"). EGETKEY, EREPORT and EINIT derive their keys here alone, so
 * that what one leaf makes another verifies.
 */
final class Keys {

    /** REQUIRED_SEALING_MASK: no enclave can ask for a key that does not depend on whether it can be debugged. */
    private static final long REQUIRED_SEALING_MASK = Attributes.INIT | Attributes.DEBUG;

    private Keys() {}

    /** EGETKEY: the key that an enclave asks for and may have. */
    static byte[] requested(ProcessorPackage cpu, KeyName name, Secs secs, KeyRequest request) {
        KeyDependencies key = switch (name) {
            case EINITTOKEN -> einitToken(cpu, secs, request);
            case PROVISION -> provision(secs, request);
            case PROVISION_SEAL -> provisionSeal(cpu, secs, request);
            case REPORT -> report(cpu, secs, request);
            case SEAL -> seal(cpu, secs, request);
        };
        return cpu.deriveKey(key);
    }

    /** EREPORT: the report key of the enclave that the report is for. */
    static byte[] report(ProcessorPackage cpu, Secs current, TargetInfo target, byte[] keyId) {
        return cpu.deriveKey(new KeyDependencies(KeyName.REPORT)
                .ownerEpoch(cpu.ownerEpoch())
                .attributes(target.attributes())
                .mrEnclave(target.measurement())
                .keyId(MemorySegment.ofArray(keyId))
                .sealKeyFuses(cpu.sealFuses())
                .cpuSvn(cpu.cpuSvn().bytes())
                .padding(new SecsInternals(current.memory()).padding())
                .miscSelect(target.miscSelect())
                .configId(target.configId())
                .configSvn(target.configSvn())
                .cetAttributes(target.cetAttributes()));
    }

    /** EINIT: the launch key of the launch enclave that the token says made it, if the hash MSRs name its signer. */
    static byte[] launch(LogicalProcessor lp, EinitToken token) {
        ProcessorPackage cpu = lp.processorPackage();
        return cpu.deriveKey(new KeyDependencies(KeyName.EINITTOKEN)
                .isvProdId(token.isvProdIdLe())
                .isvSvn(token.isvSvnLe())
                .ownerEpoch(cpu.ownerEpoch())
                .attributes(token.maskedAttributesLe())
                .mrSigner(MemorySegment.ofArray(lp.lePubKeyHash()))
                .keyId(token.keyId())
                .sealKeyFuses(cpu.sealFuses())
                .cpuSvn(bytes(token.cpuSvnLe()))
                .miscSelect(token.maskedMiscSelectLe())
                .padding(hardcodedPadding())
                .cetAttributes(token.cetMaskedAttributesLe()));
    }

    private static KeyDependencies einitToken(ProcessorPackage cpu, Secs secs, KeyRequest request) {
        return masked(KeyName.EINITTOKEN, secs, request)
                .isvProdId(secs.isvProdId())
                .ownerEpoch(cpu.ownerEpoch())
                .keyId(request.keyId())
                .sealKeyFuses(cpu.sealFuses())
                .mrSigner(secs.mrSigner());
    }

    private static KeyDependencies provision(Secs secs, KeyRequest request) {
        return masks(masked(KeyName.PROVISION, secs, request), request)
                .isvProdId(secs.isvProdId())
                .mrSigner(secs.mrSigner());
    }

    private static KeyDependencies provisionSeal(ProcessorPackage cpu, Secs secs, KeyRequest request) {
        KeyDependencies key = masks(masked(KeyName.PROVISION_SEAL, secs, request), request);
        return policy(key, secs, request).sealKeyFuses(cpu.sealFuses()).mrSigner(secs.mrSigner());
    }

    private static KeyDependencies seal(ProcessorPackage cpu, Secs secs, KeyRequest request) {
        KeyDependencies key = masks(masked(KeyName.SEAL, secs, request), request);
        policy(key, secs, request)
                .ownerEpoch(cpu.ownerEpoch())
                .keyId(request.keyId())
                .sealKeyFuses(cpu.sealFuses());
        if ((request.keyPolicy() & KeyPolicy.MRENCLAVE) != 0) {
            key.mrEnclave(secs.mrEnclave());
        }
        if ((request.keyPolicy() & KeyPolicy.MRSIGNER) != 0) {
            key.mrSigner(secs.mrSigner());
        }
        return key;
    }

    private static KeyDependencies report(ProcessorPackage cpu, Secs secs, KeyRequest request) {
        return new KeyDependencies(KeyName.REPORT)
                .ownerEpoch(cpu.ownerEpoch())
                .attributes(secs.attributes())
                .mrEnclave(secs.mrEnclave())
                .keyId(request.keyId())
                .sealKeyFuses(cpu.sealFuses())
                .cpuSvn(cpu.cpuSvn().bytes())
                .padding(hardcodedPadding())
                .miscSelect(secs.miscSelect())
                .configId(secs.configId())
                .configSvn(secs.configSvn())
                .cetAttributes(secs.cetAttributes());
    }

    /** What all keys but the report key have: the security versions asked for, and the attributes under the masks. */
    private static KeyDependencies masked(KeyName name, Secs secs, KeyRequest request) {
        Attributes mask = request.attributeMask().with(REQUIRED_SEALING_MASK);
        return new KeyDependencies(name)
                .isvSvn(request.isvSvn())
                .cpuSvn(bytes(request.cpuSvn()))
                .attributes(secs.attributes().and(mask))
                .miscSelect(secs.miscSelect() & request.miscMask())
                .cetAttributes(secs.cetAttributes() & request.cetAttributesMask())
                .padding(new SecsInternals(secs.memory()).padding());
    }

    /** The masks themselves, which the launch key leaves out. */
    private static KeyDependencies masks(KeyDependencies key, KeyRequest request) {
        return key.attributesMask(request.attributeMask())
                .miscMask(~request.miscMask())
                .cetAttributesMask(request.cetAttributesMask());
    }

    /** What the two sealing keys depend on where KEYPOLICY says so. */
    private static KeyDependencies policy(KeyDependencies key, Secs secs, KeyRequest request) {
        int policy = request.keyPolicy();
        SecsInternals internals = new SecsInternals(secs.memory());
        key.keyPolicy(policy);
        if ((policy & KeyPolicy.NOISVPRODID) == 0) {
            key.isvProdId(secs.isvProdId());
        }
        if ((policy & KeyPolicy.CONFIGID) != 0) {
            key.configId(secs.configId()).configSvn(request.configSvn());
        }
        if ((policy & KeyPolicy.ISVFAMILYID) != 0) {
            key.isvFamilyId(internals.isvFamilyId());
        }
        if ((policy & KeyPolicy.ISVEXTPRODID) != 0) {
            key.isvExtProdId(internals.isvExtProdId());
        }
        return key;
    }

    private static MemorySegment hardcodedPadding() {
        return MemorySegment.ofArray(KeyDependencies.hardcodedPkcs15Padding());
    }

    private static byte[] bytes(MemorySegment field) {
        return field.toArray(Layouts.U8);
    }
}
