// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import WebServer

/// One request, and what is known of who makes it.
struct Visit: Sendable {
    struct Session: Sendable {
        let token: WebSessionToken
        let account: AccountRecord
    }

    let method: HTTPRequest.Method
    /// Path and query, as asked for.
    let target: String
    let context: WebContext
    let texts: Texts
    let session: Session?
    let query: FormFields
    /// Of a POST; empty otherwise.
    let form: FormFields
    /// What the form before did.
    let notice: String?
    let templates: Templates

    var logger: Logger { context.logger }

    /// Who the audit log names. Only for pages that need a session.
    var actor: String { "\(session?.account.address ?? "nobody"), web" }

    /// A part of the path, as the route names it.
    func part(_ name: String) -> String { context.parameters.get(name) ?? "" }

    // MARK: - Answers

    /// A whole page.
    func page(
        _ template: Templates.Name, title: String, at place: Place? = nil, status: HTTPResponse.Status = .ok,
        refresh: Int? = nil, _ values: Any
    ) -> Response {
        let layout = Layout(
            t: texts, language: texts.language.rawValue, title: title, user: user, places: places(at: place),
            token: session?.token.formToken ?? "", notice: notice,
            languages: Language.allCases.map {
                Layout.Link(path: $0.rawValue, text: $0.name, isCurrent: $0 == texts.language)
            },
            here: method == .get ? target : (place?.rawValue ?? "/"), refresh: refresh, page: values)
        var response = Response(
            status: status, headers: [.contentType: "text/html; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: templates.render(template, layout))))
        if notice != nil { response.headers[values: .setCookie].append(Cookie.notice.field("", seconds: 0)) }
        return response
    }

    private var user: Layout.User? { session.map { Layout.User(address: $0.account.address) } }

    /// The navigation: what the account may see.
    private func places(at place: Place?) -> [Layout.Link] {
        guard let account = session?.account else { return [] }
        let places = (account.isAdministrator ? Place.administration : []) + [.account]
        return places.map {
            Layout.Link(path: $0.rawValue, text: texts($0.title), isCurrent: $0 == place)
        }
    }

    /// Post, redirect, get; the next page says what was done.
    func redirect(to path: String, saying phrase: Phrase? = nil, of subject: String = "") -> Response {
        var response = Response(status: .seeOther, headers: [.location: path])
        if let phrase {
            response.headers[values: .setCookie] = [
                Cookie.notice.field(Notice(phrase: phrase, subject: subject).text, seconds: 60)
            ]
        }
        return response
    }

    /// A page that says what is wrong, and nothing else.
    func problem(_ status: HTTPResponse.Status, _ phrase: Phrase, _ values: [String: String] = [:]) -> Response {
        struct Problem {
            let text: String
        }
        return page(
            .problem, title: texts(.problemTitle), status: status, Problem(text: texts(phrase, values)))
    }
}

/// What a form did, on its way to the next page in a cookie that only we can set.
struct Notice {
    let phrase: Phrase
    let subject: String

    init(phrase: Phrase, subject: String) {
        self.phrase = phrase
        self.subject = String(decoding: subject.utf8.prefix(AdminLimits.noticeSubject), as: UTF8.self)
    }

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let phrase = Phrase(rawValue: String(parts[0])),
            let data = Data(base64Encoded: String(parts[1]))
        else { return nil }
        self.init(phrase: phrase, subject: String(decoding: data, as: UTF8.self))
    }

    var text: String { phrase.rawValue + "." + Data(subject.utf8).base64EncodedString() }
}
