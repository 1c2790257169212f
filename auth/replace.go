package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"banksulutgo.co.id/servicedesk/durable"
)

// ReplaceMasterKey puts the key file next in the place of the one at path, durably. The one that was there stays
// beside it as `path.<fingerprint>`: backups that were made under it need it. It may be called again after a crash at
// any moment, and by several processes at once: when m is at path already, there is nothing left to do.
func ReplaceMasterKey(path, next string, m MasterKey) error {
	old, err := LoadMasterKey(path)
	if err != nil {
		return err
	}
	if old.Fingerprint() == m.Fingerprint() {
		return nil
	}
	if err := os.Link(path, path+"."+old.Fingerprint()); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keep the old master key: %w", err)
	}
	if err := durable.Sync(filepath.Dir(path)); err != nil {
		return fmt.Errorf("keep the old master key: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		if again, loaded := LoadMasterKey(path); loaded == nil && again.Fingerprint() == m.Fingerprint() {
			return nil // somebody else did it meanwhile
		}
		return fmt.Errorf("replace the master key: %w", err)
	}
	if err := durable.Sync(filepath.Dir(path)); err != nil {
		return fmt.Errorf("replace the master key: %w", err)
	}
	return nil
}
