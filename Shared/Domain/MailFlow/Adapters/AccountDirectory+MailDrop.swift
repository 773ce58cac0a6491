// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailStore

extension AccountDirectory: MailDrop {
    package func deliver(
        _ message: [UInt8], to account: AccountID, key: String?, warning: @escaping @Sendable (StorageUse) -> [UInt8]
    ) async throws(DropFailure) {
        do throws(StoreError) {
            try await deliver(message, to: account, deliveryKey: key, warning: warning)
        } catch {
            switch error {
            case .messageTooLarge: throw .tooLarge
            // A file that is not there (a volume that is not mounted, a restore under way) is no reason to send mail back.
            case .noSuchAccount: throw await isKnown(account) ? .temporary("the account's file is not there") : .gone
            case .diskFull: throw .full
            case .overQuota: throw .overQuota
            // Also what looks permanent (a missing INBOX): an operator mends it while the message waits.
            default: throw .temporary("\(error)")
            }
        }
    }

    package func hasRoom(for bytes: Int, in account: AccountID) async -> Bool {
        do throws(StoreError) { return try await mayTake(bytes, in: account) } catch { return true }
    }
}
