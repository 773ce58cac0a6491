// SPDX-License-Identifier: Apache-2.0
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
}
