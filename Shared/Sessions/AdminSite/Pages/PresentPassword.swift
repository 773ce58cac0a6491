// SPDX-License-Identifier: Apache-2.0
import Accounts
import HTTPTypes
import SASLMechanisms

/// The present password, which is asked for before something that lasts longer than a session.
extension AdminPages {
    struct PasswordRefusal: Error {
        let phrase: Phrase
        var status = HTTPResponse.Status.unprocessableContent
    }

    /// What was typed into `old`, when it is the account's own password. Counted as a log-in is.
    func presentPassword(_ visit: Visit, of account: AccountRecord) async throws(PasswordRefusal) -> SecretBytes {
        guard let old = visit.form.secret("old"), old.count <= SASLLimits.password else {
            throw PasswordRefusal(phrase: .passwordOldWrong)
        }
        let credentials = SASLCredentials(login: account.address, password: old.withBytes { Secret($0) })
        switch await backend.login(credentials, visit.context.peer, visit.logger) {
        case .account(account.id, _): return old
        case .tryLater: throw PasswordRefusal(phrase: .loginLater, status: .serviceUnavailable)
        default: throw PasswordRefusal(phrase: .passwordOldWrong)
        }
    }

    func oldPasswordField(_ visit: Visit, wrong: String? = nil, isFocused: Bool = false) -> Field {
        Field(
            id: "old", label: visit.texts(.fieldOldPassword), type: "password", wrong: wrong,
            autocomplete: "current-password", isFocused: isFocused)
    }
}

extension AccountRecord {
    /// What opens it, where that needs its owner.
    func owner(_ password: SecretBytes) -> OwnerSecret? { isZeroAccess ? .password(password) : nil }
}
