// Package servicedesk holds nothing but the test that keeps the rules of this repository: who may import whom,
// how large things may grow, and what must be documented. ARCHITECTURE.md gives the reasons.
package servicedesk
