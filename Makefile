# Every target needs Go alone, but for bench, which fetches its input from npm.
export CGO_ENABLED := 0

.PHONY: build test lint bench golden race fuzz

build: ## one static binary, ./lambdagate
	go build -trimpath -ldflags '-s -w' -o lambdagate ./cmd/lambdagate

test: ## every test; needs nothing but the module cache
	go test ./...

race: ## the tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 go test -race ./audit/... ./gate/... ./cmd/...

lint: ## formatting, vet, staticcheck
	@out=$$(gofmt -l .); if [ -n "$$out" ]; then echo "gofmt wants to change:"; echo "$$out"; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

golden: ## rewrite golden files and the generated rule pages
	go test ./gate/report ./cmd/lambdagate -update

bench: build ## check on about 240 MB of npm packages, as a ratio to inflating them once
	testdata/bench/package.sh
	LAMBDAGATE_BENCH="$(CURDIR)/testdata/bench/out/package.zip" go test ./cmd/lambdagate -run '^$$' -bench . -benchtime 5x
	go test ./audit/artifact -run '^$$' -bench Walk -benchtime 5x

fuzz: ## each fuzz target for half a minute
	@set -e; for f in $$(grep -rlE '^func Fuzz' --include='*_test.go' .); do \
	  for t in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*).*/\1/p' $$f); do \
	    echo "$$t in $$(dirname $$f)"; go test $$(dirname $$f) -run '^$$' -fuzz "^$$t$$" -fuzztime 30s -fuzzminimizetime 10x; done; done
