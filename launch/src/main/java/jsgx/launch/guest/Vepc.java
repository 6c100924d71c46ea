package jsgx.launch.guest;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import jsgx.arch.LinearMemory;
import jsgx.arch.epc.Epc;
import jsgx.arch.epc.Epcm;
import jsgx.driver.AddressSpace;
import jsgx.driver.DeviceAbsentException;
import jsgx.driver.DeviceFile;
import jsgx.driver.EmbeddedAddressSpace;
import jsgx.driver.Errno;
import jsgx.driver.FaultResult;
import jsgx.driver.Refusal;
import jsgx.driver.SgxDriver;
import jsgx.driver.VirtualMachine;
import jsgx.driver.Workload;
import jsgx.driver.mainline.VepcRemoveAll;
import jsgx.launch.LaunchException;

/**
 * The EPC of one virtual machine: an open {@code /dev/sgx_vepc} for each section, mapped by the hypervisor's process, with every page
 * touched at once, so that a machine that runs never finds the host without EPC.
 */
final class Vepc implements AutoCloseable {

    private static final int RW = AddressSpace.PROT_READ | AddressSpace.PROT_WRITE;

    /** REMOVE_ALL on all sections, this many times: a SECS that has children in a later section goes with the second. */
    private static final int PASSES = 2;

    private static final int ATTEMPTS = 1000;
    private static final long WAIT_NANOS = 20_000;

    private final EmbeddedAddressSpace hypervisor = new EmbeddedAddressSpace();
    private final List<DeviceFile> files = new ArrayList<>();
    private final Epcm epcm;
    private int[] pages = {};

    /** Pages that the extended page tables do not show for now; guards itself. */
    private final BitSet hidden = new BitSet();

    private volatile boolean anyHidden;

    private Vepc(SgxDriver host) {
        epcm = host.processorPackage().epcm();
    }

    /** A vEPC with sections of these sizes in bytes. */
    static Vepc open(SgxDriver host, Workload workload, List<Long> sections) throws LaunchException {
        Vepc vepc = new Vepc(host);
        try {
            List<Integer> all = new ArrayList<>();
            for (long bytes : sections) {
                DeviceFile file = host.vepc().open(workload);
                vepc.files.add(file);
                vepc.map(file, bytes, all);
            }
            vepc.pages = all.stream().mapToInt(Integer::intValue).toArray();
            return vepc;
        } catch (DeviceAbsentException e) {
            vepc.close();
            throw new LaunchException("a virtual machine cannot have SGX here: " + e.getMessage());
        } catch (LaunchException e) {
            vepc.close();
            throw e;
        }
    }

    private void map(DeviceFile file, long bytes, List<Integer> all) throws LaunchException {
        long start = file.mmap(hypervisor, 0, bytes, RW, DeviceFile.MAP_SHARED, 0);
        for (long address = start; address < start + bytes; address += Epc.PAGE_SIZE) {
            int page = hypervisor.epcPage(address);
            while (page == LinearMemory.UNMAPPED) {
                if (hypervisor.fault(address, true) == FaultResult.SIGBUS) {
                    throw new LaunchException(
                            "the host has no EPC for page %d of a vEPC of %d bytes; make it smaller, or end other enclaves"
                                    .formatted((address - start) / Epc.PAGE_SIZE, bytes));
                }
                page = hypervisor.epcPage(address);
            }
            all.add(page);
        }
    }

    int pages() {
        return pages.length;
    }

    /** The extended page tables: the host's EPC page of one of the virtual machine's. */
    int hostPage(int page) {
        if (page >= pages.length) {
            return LinearMemory.UNMAPPED;
        }
        if (anyHidden) {
            synchronized (hidden) {
                if (hidden.get(page)) {
                    return LinearMemory.UNMAPPED;
                }
            }
        }
        return pages[page];
    }

    /**
     * EREMOVEs every page, as the virtual machine's reset needs.
     *
     * @throws LaunchException where a page stays: a thread of the virtual machine still executes
     */
    void removeAll() throws LaunchException {
        long left = 0;
        for (int pass = 0; pass < PASSES; pass++) {
            left = 0;
            for (DeviceFile file : files) {
                long result = file.ioctl(hypervisor, VepcRemoveAll.CMD, 0);
                if (result < 0) {
                    String why = file.lastRefusal().map(Refusal::found).orElse("");
                    throw new LaunchException(
                            "SGX_IOC_VEPC_REMOVE_ALL: %s: %s; let the virtual machine's threads end first"
                                    .formatted(Errno.of(result).map(Errno::text).orElse("" + result), why));
                }
                left += result;
            }
        }
        if (left != 0) {
            throw new LaunchException(
                    "SGX_IOC_VEPC_REMOVE_ALL: %d SECS pages stay, which have children outside this virtual machine"
                            .formatted(left));
        }
        show(hidden);
    }

    /** Takes one enclave of the virtual machine from the EPC. Its pages are out of reach first, so that its threads leave it. */
    void tearDown(VirtualMachine machine, int secs) {
        BitSet its = new BitSet();
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (isRemoved(machine, secs, its)) {
                show(its);
                return;
            }
            LockSupport.parkNanos(WAIT_NANOS);
        }
        // It stays out of reach, until the virtual machine is reset.
    }

    private boolean isRemoved(VirtualMachine machine, int secs, BitSet its) {
        boolean all = true;
        for (int i = 0; i < pages.length; i++) {
            int page = pages[i];
            // What ERDINFO tells of a page: whose it is.
            if (page == secs || (epcm.valid(page) && epcm.enclaveSecs(page) == secs)) {
                its.set(i);
                hide(i);
                all &= page == secs || machine.eremove(page).isSuccess();
            }
        }
        return all && machine.eremove(secs).isSuccess();
    }

    private void hide(int page) {
        synchronized (hidden) {
            hidden.set(page);
            anyHidden = true;
        }
    }

    private void show(BitSet shown) {
        synchronized (hidden) {
            hidden.andNot(shown);
            anyHidden = !hidden.isEmpty();
        }
    }

    /** Gives all pages back to the host. */
    @Override
    public void close() {
        for (var mapping : hypervisor.mappings().all()) {
            hypervisor.unmap(mapping.start(), mapping.end() - mapping.start());
        }
        files.forEach(DeviceFile::close);
    }
}
