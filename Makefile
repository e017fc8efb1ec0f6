# Every target is a thin name for a script or a go command, so that a machine
# without make loses nothing: make test is scripts/test.sh.

FUZZTIME ?= 10m
CHECKTIME ?= 10s
CRASHES ?= 5000
BACKLOG ?= 1000000
SEEDS ?= 1000
FIRST ?= 1

.DEFAULT_GOAL := help

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build the program into bin/
	go build -trimpath -o bin/ ./cmd/...

.PHONY: test
test: ## all that a change must pass: lint, build, every test, with the race detector where it can find something
	scripts/test.sh

.PHONY: check
check: test ## what CI runs, then every fuzz target for CHECKTIME each (10s) and a build for other systems
	FUZZTIME=$(CHECKTIME) scripts/fuzz.sh
	GOOS=linux GOARCH=arm64 go build -o /dev/null ./cmd/...
	GOOS=darwin GOARCH=arm64 go build -o /dev/null ./cmd/...

.PHONY: lint
lint: ## format, go vet, staticcheck and our analyzers
	scripts/lint.sh

.PHONY: fmt
fmt: ## format all Go code with gofumpt
	go -C tools build -o ../.artifacts/bin/ mvdan.cc/gofumpt
	git ls-files --cached --others --exclude-standard -- '*.go' | xargs .artifacts/bin/gofumpt -w

.PHONY: browser
browser: ## the tests that open pages in Chromium; pictures in .artifacts
	scripts/browser.sh

.PHONY: screens
screens: ## take the pictures of every page anew, into docs/screens
	USHER_SCREENS='$(CURDIR)/docs/screens' go test -count=1 -run '^TestScreens$$' ./cmd/usher

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME each (10m)
	FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

.PHONY: crash
crash: ## kill -9 busy servers CRASHES times (5000) on both databases, cut and fill what they stand on, and see that nothing acknowledged is lost
	USHER_CRASH_ROUNDS=$(CRASHES) go test -count=1 -timeout 12h -v ./internal/crashtest/...

.PHONY: backlog
backlog: ## queue BACKLOG deliveries (1000000) on each database, drain them, and tell the memory that takes
	USHER_BACKLOG=$(BACKLOG) go test -run '^$$' -bench BenchmarkBacklog -benchtime 1x -timeout 6h ./internal/bench

.PHONY: bare
bare: ## run the static program in an empty, read-only root as a user without rights, as the container image does (as root)
	scripts/bare.sh

.PHONY: sim
sim: ## simulate SEEDS houses of nodes (1000), from seed FIRST on, each broken in its own way; see docs/decisions/0016
	go test -count=1 -timeout 10h ./internal/sim -run '^TestSeeds$$' -seeds $(SEEDS) -first $(FIRST)

.PHONY: bench
bench: ## all Go benchmarks, with memory; with LISTS=folder of watchlists screening as well
	go test -run '^$$' -bench . -benchmem ./...
	$(if $(LISTS),go run ./cmd/usher bench screening --lists '$(LISTS)')

.PHONY: bench-store
bench-store: ## changes per second of both databases, against pgbench and against one commit each, in one run
	go test -run '^$$' -bench 'BenchmarkCommit$$' -benchtime 1x -timeout 20m ./internal/store/postgres
	go test -run '^$$' -bench 'BenchmarkCommit$$' -benchtime 2s ./internal/store/sqlite

.PHONY: bench-post
bench-post: ## whole POSTs of sessions over HTTP a second, against pgbench on as many connections, and on SQLite
	go test -run '^$$' -bench 'BenchmarkPost$$' -benchtime 1x -timeout 30m ./internal/bench

.PHONY: bench-growth
bench-growth: ## a million sessions (SIZE=n) in each database, or in STORE=sqlite|postgres: start, memory, status calls, letting go of old deliveries
	USHER_GROW=$(or $(SIZE),1000000) USHER_GROW_STORE=$(STORE) go test -count=1 -timeout 4h -v -run '^TestGrowth$$' ./internal/bench

.PHONY: bench-document
bench-document: ## draw 1,500 documents and sheets, read them, and hold the figures against the bars (DIR=folder keeps the pictures)
	go run ./cmd/usher bench document $(if $(DIR),--dir '$(DIR)')
	go test -run '^$$' -bench 'BenchmarkRead$$' -benchtime 1x ./internal/barcode/pdf417
	go test -run '^$$' -bench UploadMemory -benchtime 1x ./internal/bench

.PHONY: sbom
sbom: ## what the program is made of and under which licences: .artifacts/sbom.cdx.json (CycloneDX 1.6), and a list on the terminal
	mkdir -p .artifacts
	go -C tools run ./sbom '$(CURDIR)' > .artifacts/sbom.cdx.json
	go -C tools run ./sbom -list '$(CURDIR)'

.PHONY: vuln
vuln: ## known faults in dependencies (asks the Go vulnerability database)
	go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ./...
