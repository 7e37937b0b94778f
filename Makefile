# SPDX-License-Identifier: GPL-2.0
# nvmemp: see README.md. `make V=1` shows the commands.

prefix      ?= /usr
exec_prefix ?= $(prefix)
bindir      ?= $(exec_prefix)/bin
sbindir     ?= $(exec_prefix)/sbin
libdir      ?= $(exec_prefix)/lib/$(shell $(CC) -print-multiarch 2>/dev/null)
includedir  ?= $(prefix)/include
mandir      ?= $(prefix)/share/man
docdir      ?= $(prefix)/share/doc/nvmemp
sysconfdir  ?= /etc
udevdir     ?= $(prefix)/lib/udev
unitdir     ?= $(prefix)/lib/systemd/system
# where multipath-tools, if it is there, looks for more configuration
mpathconfdir ?= $(sysconfdir)/multipath/conf.d
modloaddir  ?= $(prefix)/lib/modules-load.d
catalogdir  ?= $(prefix)/lib/systemd/catalog
initramfsdir ?= $(prefix)/share/initramfs-tools
dracutdir   ?= $(prefix)/lib/dracut/modules.d
# between 55-dm and 60-persistent-storage-dm on Debian; 11 where they are 10-dm and 13-dm-disk
udev_dm_prio ?= 56
B           ?= build
KVER        ?= $(shell uname -r)
KDIR        ?= /lib/modules/$(KVER)/build

VERSION := 0.1.0
PKGS_D  := devmapper libudev libnvme libsystemd
PKGS_C  := libsystemd json-c smartcols

CFLAGS  ?= -O2 -g
WARN    := -Wall -Wextra -Wformat=2 -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wpointer-arith \
	   -Wno-unused-parameter -Wno-missing-field-initializers
MPCFLAGS = -std=gnu11 $(WARN) -fPIC -fvisibility=hidden -D_GNU_SOURCE -DNVMEMP_VERSION='"$(VERSION)"' \
	   -Ikernel -Ilibnvmemp -pthread
HARDEN   = -Wl,-z,relro,-z,now $(filter -fsanitize%,$(CFLAGS))

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n'
MAKEFLAGS += --no-print-directory
endif

CORE_O := $(patsubst %.c,$(B)/%.o,$(wildcard libnvmemp/core/*.c))
SYS_O  := $(patsubst %.c,$(B)/%.o,$(wildcard libnvmemp/sys/*.c))
API_O  := $(addprefix $(B)/libnvmemp/,api.o apiread.o)
D_O    := $(patsubst %.c,$(B)/%.o,$(filter-out daemon/nvmempctl%.c daemon/nvmemp-udev.c,$(wildcard daemon/*.c)))
C_O    := $(patsubst %.c,$(B)/%.o,$(wildcard daemon/nvmempctl*.c))
U_O    := $(B)/daemon/nvmemp-udev.o
UNIT_SH := $(wildcard tests/unit/test_*.sh)
FUZZ   := $(patsubst tests/fuzz/%.c,$(B)/tests/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
UNIT   := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))

all: $(B)/nvmempd $(B)/nvmempctl $(B)/nvmemp-udev $(B)/libnvmemp.so.1 $(B)/libnvmemp.pc

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(MPCFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/libnvmemp-core.a: $(CORE_O)
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/libnvmemp-sys.a: $(SYS_O)
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/libnvmemp.so.1: $(API_O) $(B)/libnvmemp-core.a libnvmemp/libnvmemp.sym
	$(say) LD $@
	$(Q)$(CC) -shared -Wl,-soname,libnvmemp.so.1 -Wl,--version-script=libnvmemp/libnvmemp.sym -Wl,--no-undefined $(HARDEN) \
		$(LDFLAGS) -o $@ $(API_O) $(B)/libnvmemp-core.a $(shell pkg-config --libs libsystemd)
	$(Q)ln -sf libnvmemp.so.1 $(B)/libnvmemp.so

$(B)/nvmempd: $(D_O) $(B)/libnvmemp-sys.a $(B)/libnvmemp-core.a
	$(say) LD $@
	$(Q)$(CC) $(HARDEN) -pthread $(LDFLAGS) -o $@ $^ -Wl,--as-needed $(shell pkg-config --libs $(PKGS_D))

$(B)/nvmempctl: $(C_O) $(B)/libnvmemp.so.1
	$(say) LD $@
	$(Q)$(CC) $(HARDEN) $(LDFLAGS) -o $@ $(C_O) -L$(B) -lnvmemp -Wl,--as-needed $(shell pkg-config --libs $(PKGS_C)) -lm

$(B)/nvmemp-udev: $(U_O) $(B)/libnvmemp-sys.a $(B)/libnvmemp-core.a
	$(say) LD $@
	$(Q)$(CC) $(HARDEN) -pthread $(LDFLAGS) -o $@ $^ -Wl,--as-needed $(shell pkg-config --libs $(PKGS_D))

$(B)/libnvmemp.pc: libnvmemp/libnvmemp.pc.in Makefile
	@mkdir -p $(@D)
	$(Q)sed -e 's|@prefix@|$(prefix)|;s|@libdir@|$(libdir)|;s|@includedir@|$(includedir)|;s|@version@|$(VERSION)|' $< >$@

modules:
	$(Q)$(MAKE) -C $(KDIR) M=$(CURDIR)/kernel $(if $(C),C=$(C)) $(if $(W),W=$(W)) modules

modules_install: modules
	$(Q)install -D -m 644 kernel/dm-nvmemp.ko $(DESTDIR)/lib/modules/$(KVER)/updates/dm-nvmemp.ko
	$(Q)depmod $(if $(DESTDIR),-b $(DESTDIR)) $(KVER)

install: all
	$(Q)install -D -m 755 $(B)/nvmempd $(DESTDIR)$(sbindir)/nvmempd
	$(Q)install -D -m 755 $(B)/nvmempctl $(DESTDIR)$(sbindir)/nvmempctl
	$(Q)install -D -m 755 $(B)/nvmemp-udev $(DESTDIR)$(udevdir)/nvmemp-udev
	$(Q)install -D -m 644 $(B)/libnvmemp.so.1 $(DESTDIR)$(libdir)/libnvmemp.so.1
	$(Q)ln -sf libnvmemp.so.1 $(DESTDIR)$(libdir)/libnvmemp.so
	$(Q)install -D -m 644 $(B)/libnvmemp.pc $(DESTDIR)$(libdir)/pkgconfig/libnvmemp.pc
	$(Q)install -D -m 644 libnvmemp/nvmemp.h $(DESTDIR)$(includedir)/nvmemp.h
	$(Q)install -d $(DESTDIR)$(udevdir)/rules.d $(DESTDIR)$(unitdir) $(DESTDIR)$(modloaddir) $(DESTDIR)$(sysconfdir)/nvmemp/nvmemp.conf.d
	$(Q)install -m 644 $(filter-out udev/dm-%,$(wildcard udev/*.rules)) $(DESTDIR)$(udevdir)/rules.d/
	$(Q)install -m 644 udev/dm-nvmemp.rules $(DESTDIR)$(udevdir)/rules.d/$(udev_dm_prio)-dm-nvmemp.rules
	$(Q)install -m 644 systemd/*.socket systemd/*.timer $(DESTDIR)$(unitdir)/
	$(Q)for u in systemd/*.service; do sed 's|/usr/sbin/|$(sbindir)/|' $$u >$(DESTDIR)$(unitdir)/$${u##*/}; \
		chmod 644 $(DESTDIR)$(unitdir)/$${u##*/}; done
	$(Q)test -e $(DESTDIR)$(mpathconfdir)/nvmemp.conf || install -D -m 644 udev/multipath.conf $(DESTDIR)$(mpathconfdir)/nvmemp.conf
	$(Q)install -D -m 644 systemd/nvmemp.catalog $(DESTDIR)$(catalogdir)/nvmemp.catalog
	$(Q)install -m 644 systemd/nvmemp.modules-load.conf $(DESTDIR)$(modloaddir)/nvmemp.conf
	$(Q)cd systemd/initramfs-tools && for f in hooks/* scripts/*/*; do install -D -m 755 $$f $(DESTDIR)$(initramfsdir)/$$f; done
	$(Q)install -D -m 755 systemd/dracut/90nvmemp/module-setup.sh $(DESTDIR)$(dracutdir)/90nvmemp/module-setup.sh
	$(Q)test -e $(DESTDIR)$(sysconfdir)/nvmemp/nvmemp.conf || install -m 644 daemon/nvmemp.conf $(DESTDIR)$(sysconfdir)/nvmemp/nvmemp.conf
	$(Q)install -D -m 644 daemon/vendor.conf $(DESTDIR)$(prefix)/lib/nvmemp/vendor.conf
	$(Q)install -D -m 644 daemon/nvmempctl.bash $(DESTDIR)$(prefix)/share/bash-completion/completions/nvmempctl
	$(Q)for m in man/*.[1-8]; do install -D -m 644 $$m $(DESTDIR)$(mandir)/man$${m##*.}/$${m##*/}; done
	$(Q)for d in docs/*.md README.md; do install -D -m 644 $$d $(DESTDIR)$(docdir)/$${d##*/}; done

# the program of libnvmemp(3)
$(B)/tests/example: man/libnvmemp.3 libnvmemp/nvmemp.h $(B)/libnvmemp.so.1
	@mkdir -p $(@D)
	$(say) TEST $@
	$(Q)sed -n '/^\.Bd -literal$$/,/^\.Ed$$/{/^\./d; s/\\e/\\/g; p}' $< | \
		$(CC) -Wall -Wextra -Werror -Ilibnvmemp $(CFLAGS) -o $@ -x c - -L$(B) -lnvmemp $(LDFLAGS)

$(B)/tests/unit/test_api: $(API_O)
# the command's own main is there too, and the test's comes first
TESTS_C := $(addprefix $(B)/tests/unit/,test_metrics test_top test_doctor)
$(TESTS_C): $(C_O) $(API_O)
$(TESTS_C): override LDFLAGS += -Wl,-z,muldefs
$(B)/tests/unit/test_bus: $(API_O) $(patsubst %,$(B)/daemon/%.o,bus busevents busmanager busmaps busobjects busparts buspaths bussubsystems)
$(B)/tests/unit/%: tests/unit/%.c $(B)/libnvmemp-sys.a $(B)/libnvmemp-core.a
	@mkdir -p $(@D)
	$(say) TEST $@
	$(Q)$(CC) $(MPCFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $< $(filter %.o,$^) $(B)/libnvmemp-sys.a $(B)/libnvmemp-core.a \
		-Wl,--as-needed $(shell pkg-config --libs cmocka $(PKGS_D) $(PKGS_C)) -lm

# without libFuzzer: test_seeds.sh feeds them
$(B)/tests/fuzz/fuzz_%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c $(B)/libnvmemp-core.a
	@mkdir -p $(@D)
	$(say) TEST $@
	$(Q)$(CC) $(MPCFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP $(LDFLAGS) -o $@ $(filter %.c %.a,$^)

setup-%:
	$(Q)tests/setup.sh $*

check-unit: setup-unit
	$(Q)$(MAKE) unit-run

unit-run: all $(UNIT) $(FUZZ) $(B)/tests/example
	$(Q)B=$(B) tests/unit/run.sh $(UNIT) $(UNIT_SH)

# the unit tests again, with the compiler watching memory, undefined behaviour, and which
# lines of the core they run
unit-sanitized coverage:
	$(Q)find $(B)/watched -name '*.gcda' -delete 2>/dev/null || true
	$(Q)$(MAKE) B=$(B)/watched LDFLAGS=--coverage \
		CFLAGS='-O1 -g --coverage -fsanitize=address,undefined -fno-sanitize-recover=all' unit-run
	$(Q)B=$(B)/watched tests/coverage.sh

# each parser and what it feeds for a minute, with what clang can watch
fuzz: setup-fuzz
	$(Q)B=$(B) tests/fuzz/run.sh 60

# what other programs see in the sources: tests/static.sh
check-static: setup-static
	$(Q)tests/static.sh

check: setup-vm setup-static
	$(Q)tests/check.sh

# the same on Debian 13, and with the newest kernel that was backported to it
check-releases: setup-vm
	$(Q)tests/check.sh releases

# debian/ is built and judged, installed, upgraded and removed, and booted from
check-packages: setup-vm
	$(Q)tests/vm/packages.sh

# the target in a user-mode kernel that watches itself; the first time builds that kernel
check-uml: setup-uml
	$(Q)tests/uml/run.sh

# a checkout of blktests on a map: make check-upstream BLKTESTS=dir [TESTS="block/001 nvme"]
check-upstream: setup-vm
	$(Q)tests/upstream.sh "$(BLKTESTS)" $(TESTS)

# faults by chance for MINUTES, then a power cut: docs/reliability.md
soak: setup-vm
	$(Q)MINUTES=$(or $(MINUTES),10) SEED=$(SEED) tests/vm/run.sh 95-soak

# every fault with every load and policy: more than four hours; with QUARTER=1 to 4 that part of it
matrix: setup-vm
	$(Q)CELLS=$(or $(QUARTER),all) tests/vm/run.sh 97-matrix

# ten thousand path flaps
flaps: setup-vm
	$(Q)CELLS=all tests/vm/run.sh 94-flaps

# what docs/performance.md shows: about 40 minutes, of which the machines for failover take most
bench: setup-vm setup-uml
	$(Q)tests/bench/instructions.sh
	$(Q)KERNEL=6.12 tests/bench/instructions.sh
	$(Q)tests/bench/fabrics.sh
	$(Q)tests/bench/profile.sh
	$(Q)tests/bench/failover.sh
	$(Q)tests/bench/throughput.sh

# many namespaces, beside multipathd: up to an hour
bench-scale: setup-vm setup-uml
	$(Q)tests/bench/scale.sh

demo: setup-demo
	$(Q)tests/vm/demo.sh

# the policies of kernel/select.h in a simulated machine; SEED=N for another run of chance
simulation:
	@mkdir -p $(B)/tests
	$(Q)$(CC) -O2 $(WARN) -Ikernel -o $(B)/tests/policies tests/sim/policies.c -lm
	$(Q)$(B)/tests/policies $(SEED)

clean:
	$(Q)rm -rf $(B)/libnvmemp* $(B)/daemon $(B)/tests $(B)/nvmemp* kernel/*.o kernel/*.ko kernel/*.mod kernel/*.mod.c kernel/.*.cmd kernel/Module.symvers kernel/modules.order

distclean: clean
	$(Q)rm -rf $(B)

-include $(CORE_O:.o=.d) $(SYS_O:.o=.d) $(API_O:.o=.d) $(D_O:.o=.d) $(C_O:.o=.d) $(U_O:.o=.d) $(addsuffix .d,$(UNIT) $(FUZZ))

.PHONY: all modules modules_install install check check-uml check-packages check-releases check-static check-unit check-upstream unit-run unit-sanitized fuzz coverage bench bench-scale demo simulation soak matrix flaps clean distclean
