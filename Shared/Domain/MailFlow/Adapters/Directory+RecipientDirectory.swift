// SPDX-License-Identifier: Apache-2.0

import Accounts
import MailFormat

extension Directory: RecipientDirectory {
    package func find(_ address: MailAddress) async throws -> FoundRecipient {
        switch try await resolve(recipient: address) {
        case .accounts(let accounts): .accounts(accounts)
        case .unknown: .unknown
        case .disabled: .disabled
        case .notLocal: .notLocal
        }
    }

    /// That of the first domain.
    package func findPostmaster() async throws -> Recipient? {
        guard let domain = try await domains().first, let address = MailAddress(parsing: "postmaster@\(domain.name)"),
            case .accounts(let accounts) = try await resolve(recipient: address), !accounts.isEmpty
        else { return nil }
        return Recipient(address: address, route: .local(accounts))
    }
}
