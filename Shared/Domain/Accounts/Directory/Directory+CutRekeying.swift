// SPDX-License-Identifier: Apache-2.0
import Foundation
import SealedSQLite

/// What is left of a run that was to put another file in the place of an account's and was cut off before it did.
extension Directory {
    /// Clears it away: a copy of the account that is of no use and takes its room. Blocks.
    ///
    /// - Parameter present: the account's file, whose lock is needed.
    /// Throws `RekeyError.underWay` when the run lives, and as `WriteHold`.
    package func clearCutRekeying(of account: AccountID, beside present: AccountFileKey) throws {
        guard let left = try pendingFile(of: account) else { return }
        let path = left.path(in: accountsFolder)
        guard !RekeyedCopy.isBeingMade(path + ".new") else { throw RekeyError.underWay }
        // A run that is at the exchange has this lock, and then the old file has no name any more.
        let hold = try WriteHold(path: present.file.path(in: accountsFolder), key: present.key)
        defer { hold.end() }
        for name in [path + ".new", path] where unlink(name) != 0 && errno != ENOENT {
            throw SealedError.system("remove \(name)", errno: errno)
        }
        try cancelRekeying(of: account, to: left)
    }

    /// The same for a zero-access account that its owner has opened, whose leavings nobody else can clear away: they would hinder
    /// a change of what opens it. Of no use where that fails; then the change is refused.
    func clearCutRekeying(beside opened: OpenedAccount) async {
        let states = try? await pool.read { try Self.states(of: opened.account, in: $0) }
        guard let states, states.contains(where: { $0.state == .pending }) else { return }
        await withCheckedContinuation { (answer: CheckedContinuation<Void, Never>) in
            // It may wait for the lock.
            Thread.detachNewThread {
                try? self.clearCutRekeying(of: opened.account, beside: opened.fileKey)
                answer.resume()
            }
        }
    }
}
