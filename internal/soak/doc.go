// Package soak proves by trying that what the desk acknowledged stays, and that it happened once: it kills the program
// and its database, cuts the power under it, and lets its disk fail, all under load, and compares what is there
// afterwards with the answers that were given before, and with what receivers of webhooks heard.
//
// It holds tests only. They run the built program. `make test` runs them small; `make soak-crash`, `make soak-power`,
// `make soak-io` and `make soak-webhooks` run them at full length. docs/reliability.md has the models and the results.
package soak
