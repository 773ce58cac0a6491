// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation

/// A time on a page: `<time datetime="{{iso}}">{{text}}</time>`.
struct Moment {
    let iso: String
    let text: String

    /// Seconds since 1970.
    init(_ seconds: Int64) {
        let date = Date(timeIntervalSince1970: TimeInterval(seconds))
        iso = date.ISO8601Format()
        text = iso.prefix(16).replacing("T", with: " ") + " UTC"
    }
}

enum Size {
    /// `812B`, `3.4KB`, `1.2MB`: powers of 1,024, as quotas are written.
    static func text(_ bytes: Int) -> String { ByteSize.text(bytes) + "B" }
    static func text(_ bytes: Int64) -> String { text(Int(bytes)) }
}

/// A labelled input, by the partial `field`. What is wrong with it stands beside it, and is read out with it.
struct Field {
    let id: String
    let label: String
    var type = "text"
    var value = ""
    var hint: String?
    var wrong: String?
    var autocomplete = "off"
    var isRequired = true
    /// Says so beside the label.
    var isOptional = false
    var isFocused = false
}

/// One of several to choose from.
struct Choice {
    let value: String
    let text: String
    let isChosen: Bool
}

/// Which rows of a long list a page shows, and the ways to the others.
struct Pager {
    let offset: Int
    let limit = AdminLimits.rows
    private let number: Int

    /// `page`: as in the query, from 1 on; anything else is the first.
    init(page: String) {
        number = min(max(Int(page) ?? 1, 1), 1_000_000)
        offset = (number - 1) * limit
    }

    struct Links {
        let text: String
        let previous: String?
        let next: String?
    }

    /// `nil` when one page holds all. `path` with the rest of its query, if any.
    func links(all: Int, path: String, texts: Texts) -> Links? {
        guard all > limit || offset > 0 else { return nil }
        let join = path.contains("?") ? "&" : "?"
        return Links(
            text: texts(
                .pageRange,
                ["first": "\(min(offset + 1, all))", "last": "\(min(offset + limit, all))", "all": "\(all)"]),
            previous: number > 1 ? "\(path)\(join)page=\(number - 1)" : nil,
            next: offset + limit < all ? "\(path)\(join)page=\(number + 1)" : nil)
    }
}
