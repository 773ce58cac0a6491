// SPDX-License-Identifier: Apache-2.0
import HTTPTypes

/// Whether a request that changes something came from a page of ours.
enum SameOrigin {
    /// Browsers say where a form stands; a request that does not say it is refused, as is one that says another place.
    static func holds(_ head: HTTPRequest) -> Bool {
        let site = head.headerFields[.secFetchSite]
        if let site, site != "same-origin" { return false }
        guard let origin = head.headerFields[.origin] else { return site != nil }
        guard let host = head.authority?.lowercased() else { return false }
        func plain(_ text: String) -> String { text.hasSuffix(":443") ? String(text.dropLast(4)) : text }
        return plain(origin.lowercased()) == "https://" + plain(host)
    }
}

extension HTTPField.Name {
    static let secFetchSite = HTTPField.Name("Sec-Fetch-Site")!
}
