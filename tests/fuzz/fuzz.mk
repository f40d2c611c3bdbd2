# Builds the fuzz targets with clang's libFuzzer and two sanitizers, straight from the sources, into a folder of its own
# (FUZZ_DIR): the way the tree was configured does not matter. Called by `make fuzz`, `make fuzz-merge` and `make fuzz-cover`.
# FUZZ: a target's name. SECONDS: how long. New inputs gather in FUZZ_DIR/found/NAME, what breaks a target in FUZZ_DIR/broken/NAME.
FUZZ_CC ?= clang
FUZZ_TARGETS = agent azure_reply cleanup config http_reply journal json reset sandbox_http text wire
FUZZ ?= json
SECONDS ?= 60
FUZZ_FLAGS ?= -rss_limit_mb=1024 -timeout=10 -max_len=$(or $(MAX_$(FUZZ)),4096)
MAX_text = 400
KIND = -fsanitize=address,undefined -fno-sanitize-recover=undefined
CPP = -DHAVE_CONFIG_H -I$(BUILD) -I$(SRC)/src -I$(SRC)/tests/fuzz -D_GNU_SOURCE -DLOCALEDIR=\"/usr/share/locale\" \
    -DAZL_BINDIR=\"/usr/bin\" -DAZL_SBINDIR=\"/usr/sbin\" -DAZL_LIBEXECDIR=\"/usr/libexec\" $(LIB_CFLAGS)
CFLAGS_ALL = -std=gnu11 -g -O1 -fno-omit-frame-pointer $(KIND) -MMD
LLVM_COV ?= llvm-cov
LLVM_PROFDATA ?= $(firstword $(wildcard /usr/bin/llvm-profdata) $(wildcard /usr/bin/llvm-profdata-*) llvm-profdata)
COVERED_agent = node/agent.c
COVERED_sandbox_http = sandbox/front_msg.c
COVERED_azure_reply = azure/arm.c azure/arm_error.c azure/arm_lro.c azure/arm_page.c azure/auth.c azure/auth_error.c azure/auth_form.c \
    azure/auth_token.c azure/cloud.c net/http.c net/http_retry.c
LINK_azure_reply = -Wl,--wrap=mono_ms,--wrap=loop_after
COVERED_cleanup = op/op_cleanup_judge.c op/op_cleanup_look.c op/op_cleanup_show.c azure/rights.c
COVERED_reset = node/reset_state.c
COVERED_config = core/settings.c
COVERED_http_reply = net/http.c net/http_curl.c
LINK_http_reply = -Wl,--wrap=curl_easy_init
COVERED_journal = store/journal.c base/file.c
COVERED_wire = wire/wire.c
COVERED_json = base/json.c base/json_table.c base/json_write.c wire/sections.c
COVERED_text = base/text.c console/ui/text.c
FOLDERS = base wire net azure store op
MODULES = $(foreach d,$(FOLDERS),$(wildcard $(SRC)/src/$(d)/*.c)) $(SRC)/src/core/settings.c $(SRC)/src/console/ui/text.c \
    $(SRC)/src/node/agent.c $(SRC)/src/node/node.c $(SRC)/src/node/reset_state.c $(SRC)/src/sandbox/front_msg.c
OBJECTS = $(MODULES:$(SRC)/src/%.c=$(OUT)/obj/%.o)
OUT = $(FUZZ_DIR)
DICT = $(wildcard $(SRC)/tests/fuzz/dict/$(FUZZ).dict)
SEEDS = $(SRC)/tests/fuzz/corpus/$(FUZZ)

all: $(FUZZ_TARGETS:%=$(OUT)/fuzz_%)

$(OUT)/obj/%.o: $(SRC)/src/%.c
	@mkdir -p $(dir $@)
	@echo "  FUZZ    $@"; $(FUZZ_CC) $(CPP) $(CFLAGS_ALL) -fsanitize=fuzzer-no-link -c -o $@ $<
$(OUT)/libfuzzed.a: $(OBJECTS) $(SRC)/tests/fuzz/fuzz.mk
	@rm -f $@ && ar rcs $@ $(OBJECTS)
$(OUT)/fuzz_%.o: $(SRC)/tests/fuzz/fuzz_%.c
	@mkdir -p $(OUT)
	@echo "  FUZZ    $@"; $(FUZZ_CC) $(CPP) $(CFLAGS_ALL) -fsanitize=fuzzer-no-link -c -o $@ $<
$(OUT)/fuzz_%: $(OUT)/fuzz_%.o $(OUT)/libfuzzed.a
	@echo "  FUZZ    $@"; $(FUZZ_CC) $(KIND) -fsanitize=fuzzer $(LINK_$*) -o $@ $^ $(LIBS)

run: $(OUT)/fuzz_$(FUZZ)
	@mkdir -p $(OUT)/found/$(FUZZ) $(OUT)/broken/$(FUZZ)
	$(OUT)/fuzz_$(FUZZ) $(FUZZ_FLAGS) -max_total_time=$(SECONDS) $(DICT:%=-dict=%) -print_final_stats=1 \
	    -artifact_prefix=$(OUT)/broken/$(FUZZ)/ $(OUT)/found/$(FUZZ) $(SEEDS)

# Found inputs that reach an edge of the code which no kept one reaches join the corpus as found_N; short ones are tried first.
FOUND ?= $(OUT)/found/$(FUZZ)
KEPT_MAX = 48
merge: $(OUT)/fuzz_$(FUZZ)
	@mkdir -p $(FOUND)
	$(OUT)/fuzz_$(FUZZ) -merge=1 -use_counters=0 -max_len=1024 $(SEEDS) $(FOUND) 2>&1 | tail -n 3
	@n=0; for f in $(SEEDS)/*; do \
	    case $${f##*/} in *[!0-9a-f]*) continue;; ????????????????????????????????????????) ;; *) continue;; esac; \
	    while test -e $(SEEDS)/found_$$n; do n=$$((n + 1)); done; mv $$f $(SEEDS)/found_$$n; done
	@k=$$(cat $(SEEDS)/* | wc -c); echo "$(FUZZ): $$(ls $(SEEDS) | wc -l) inputs, $$k bytes"; test $$k -le $$(($(KEPT_MAX) * 1024))

# How much of the modules the kept inputs reach: a third build, with clang's own counters.
COVER = $(OUT)/cover
cover:
	@mkdir -p $(COVER)
	@echo "  FUZZ    $@"; $(FUZZ_CC) $(CPP) -std=gnu11 -g -O0 -fprofile-instr-generate -fcoverage-mapping -DFUZZ_NAME=\"$(FUZZ)\" $(LINK_$(FUZZ)) \
	    -o $(COVER)/fuzz_$(FUZZ) $(SRC)/tests/fuzz/fuzz_$(FUZZ).c $(SRC)/tests/fuzz/replay.c $(MODULES) $(LIBS)
	LLVM_PROFILE_FILE=$(COVER)/$(FUZZ).raw srcdir=$(SRC) $(COVER)/fuzz_$(FUZZ) >/dev/null
	$(LLVM_PROFDATA) merge -o $(COVER)/$(FUZZ).data $(COVER)/$(FUZZ).raw
	$(LLVM_COV) report $(COVER)/fuzz_$(FUZZ) -instr-profile=$(COVER)/$(FUZZ).data -show-region-summary=false $(COVERED_$(FUZZ):%=$(SRC)/src/%)

.PHONY: all run merge cover
.SECONDARY:
-include $(wildcard $(OUT)/*.d $(OUT)/obj/*/*.d $(OUT)/obj/*/*/*.d)
