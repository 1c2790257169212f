package store

import (
	"context"

	"banksulutgo.co.id/servicedesk/store/internal/sql"
)

// FingerprintSetting is the setting that names the installation's master key: its fingerprint.
const FingerprintSetting = "master_key_fingerprint"

// Setting reads a value that the installation keeps about itself, or ErrNotFound.
func (tx *Tx) Setting(name string) (string, error) {
	var value string
	err := tx.sql.One(`SELECT value FROM setting WHERE name = $1`, []any{name}, &value)
	return value, err
}

// SetSetting stores a value of the installation in the place of the one that it had.
func (tx *Tx) SetSetting(name, value string) {
	tx.sql.Exec(`INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
}

// ClaimSetting stores a value of the installation. The transaction fails with ErrExists when it has one of that name.
func (tx *Tx) ClaimSetting(name, value string) {
	tx.sql.Expect(ErrExists, `INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, value)
}

// DataKey is a key of the installation, wrapped by its master key.
type DataKey struct {
	ID      int64
	Purpose string
	Wrapped string
}

// DataKeys reads the installation's data keys.
func (tx *Tx) DataKeys() ([]DataKey, error) {
	var keys []DataKey
	err := tx.sql.Each(`SELECT id, purpose, wrapped FROM data_key ORDER BY id, purpose`, nil, func(scan func(dest ...any) error) error {
		var k DataKey
		err := scan(&k.ID, &k.Purpose, &k.Wrapped)
		keys = append(keys, k)
		return err
	})
	return keys, err
}

// InsertDataKey stores a data key, unless there is one of that id and purpose.
func (tx *Tx) InsertDataKey(k DataKey) {
	tx.sql.Exec(`INSERT INTO data_key (id, purpose, wrapped) VALUES ($1, $2, $3) ON CONFLICT (id, purpose) DO NOTHING`, k.ID, k.Purpose, k.Wrapped)
}

// Configuration reads the counter that moves whenever keys or reference data change.
func (tx *Tx) Configuration() (int64, error) {
	var version int64
	err := tx.sql.One(`SELECT value FROM counter WHERE name = 'configuration'`, nil, &version)
	return version, err
}

// ConfigurationChanged tells every node that keys or reference data changed.
func (tx *Tx) ConfigurationChanged() {
	tx.sql.Exec(`UPDATE counter SET value = value + 1 WHERE name = 'configuration'`)
	if notify := tx.store.engine.Dialect().Notify; notify != "" {
		tx.sql.Exec(notify)
	}
}

// Beat writes a row that the readiness checks of all nodes share: that it commits shows that writing works. It stands
// alone, so that no joined write waits for another node's.
func (s *Store) Beat(ctx context.Context) error {
	now := sql.Micros(s.Now())
	return s.writeAlone(ctx, func(tx *Tx) error {
		tx.sql.Exec(`INSERT INTO counter (name, value) VALUES ('ready', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, now)
		return nil
	})
}

// ReplaceSetting changes a value of the installation. The transaction fails with ErrChanged unless it is still old.
func (tx *Tx) ReplaceSetting(name, old, value string) {
	tx.sql.Expect(ErrChanged, `UPDATE setting SET value = $1 WHERE name = $2 AND value = $3`, value, name, old)
}

// RewrapDataKey stores a data key as another master key wraps it. The transaction fails with ErrNotFound when there is
// no such key.
func (tx *Tx) RewrapDataKey(k DataKey) {
	tx.sql.Expect(ErrNotFound, `UPDATE data_key SET wrapped = $1 WHERE id = $2 AND purpose = $3`, k.Wrapped, k.ID, k.Purpose)
}
