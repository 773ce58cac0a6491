// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailStore

extension AccountDirectory: MailDrop {
    package func deliver(_ message: [UInt8], to account: AccountID, key: String?) async throws(DropFailure) {
        do throws(StoreError) {
            _ = try await store(for: account).deliver(message, to: .inbox, deliveryKey: key)
        } catch {
            switch error {
            case .messageTooLarge: throw .tooLarge
            case .noSuchAccount: throw .gone
            case .diskFull: throw .full
            // Also what looks permanent (a missing INBOX): an operator mends it while the message waits.
            default: throw .temporary("\(error)")
            }
        }
    }
}
