// SPDX-License-Identifier: Apache-2.0

/// Every bound of the pages in one place. Sessions: `Accounts.WebSessionLimits`; connections and headers:
/// `WebServer.WebLimits`.
package enum AdminLimits {
    /// Bytes of a form.
    static let form = 16 * 1024
    /// Fields of a form or a query, and bytes of a field's name.
    static let fields = 32
    static let fieldName = 64
    /// Bytes of a request's path and query together.
    static let target = 2_048
    /// Bytes of all cookies that are looked at.
    static let cookies = 8 * 1024
    /// Bytes of a display name.
    static let displayName = 200
    /// Rows of a list on one page.
    static let rows = 50
    /// Services whose state is shown.
    package static let services = 32
    /// Bytes of what a notice names.
    static let noticeSubject = 320
}
