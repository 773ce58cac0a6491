// SPDX-License-Identifier: Apache-2.0
import GRDB

/// All that is to open the next file of a zero-access account, and where its mail is to wait, before there is such a file.
package struct Protection: Sendable {
    let account: AccountRecord
    /// What the account's password was checked by; nil: nobody's was (a reset).
    let hash: String?
    /// What it has until then; nil: nothing, it is a new account.
    let present: AccountFileName?
    /// To be shown once.
    package let recovery: RecoveryKey
    package let place: ArrivalsPlace
    let password: KeySlot.HashedPassword
    let arrivals: ArrivalKey

    /// For a file that takes the present one's place. Where mail is to wait, and what it is sealed to, comes with them: of two that
    /// begin at once, one has all of it.
    package var slots: NextSlots {
        NextSlots { db, account, file, directory in
            guard try directory.isOpenedAsBefore(self, in: db) else {
                throw DirectoryError.keysChanged(self.account.address)
            }
            try insert(for: account, file, state: .pending, by: directory, in: db)
            try directory.noteArrivals(self, in: db)
        }
    }

    func insert(
        for account: AccountID, _ file: AccountFileKey, state: Directory.FileState, by directory: Directory,
        in db: Database
    ) throws {
        let identity = SlotKind.identity(account: account, file: file.file)
        for (kind, slot) in [
            (SlotKind.password, password.seal(file.key, identity: identity)),
            (.arrivalKey, KeySlot.seal(arrivals.seed, kind: .arrivalKey, identity: identity, key: file.key)),
        ] {
            try directory.insert(slot, kind, of: account, file: file.file, state: state, in: db)
        }
        try directory.insert(recovery.secret, .recovery, of: account, file: file, state: state, in: db)
    }
}
