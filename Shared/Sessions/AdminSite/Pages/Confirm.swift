// SPDX-License-Identifier: Apache-2.0
import Accounts
import HTTPTypes
import Hummingbird

/// A question before something that cannot be undone.
struct ConfirmPage {
    struct Hidden {
        let name: String
        let value: String
    }

    let question: String
    let explanation: String
    /// Where the form goes.
    let action: String
    let button: String
    /// Where “no” leads.
    let back: String
    var hidden: [Hidden] = []
    /// Something to type, where a click alone is too easy.
    var typed: Field?
    var failure: String?
}

extension Visit {
    func confirm(_ page: ConfirmPage, at place: Place, status: HTTPResponse.Status = .ok) -> Response {
        self.page(.confirm, title: page.question, at: place, status: status, page)
    }

    /// Where the account's address is to be typed. `path`: below its page.
    func confirm(
        _ account: AccountRecord, question: Phrase, explanation: Phrase, button: Phrase, path: String, wrong: String?
    ) -> Response {
        let page = "/admin/accounts/\(account.id)"
        return confirm(
            ConfirmPage(
                question: texts(question, ["name": account.address]), explanation: texts(explanation),
                action: page + path, button: texts(button), back: page,
                typed: Field(
                    id: "typed", label: texts(.accountRemoveTyped, ["name": account.address]), wrong: wrong,
                    isFocused: wrong != nil)),
            at: .accounts, status: wrong == nil ? .ok : .unprocessableContent)
    }
}
