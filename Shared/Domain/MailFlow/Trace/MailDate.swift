// SPDX-License-Identifier: Apache-2.0

import Foundation
import MailFormat

/// The time of day for our own lines.
package enum MailDate {
    /// `date-time` of RFC 5322 section 3.3, in UTC.
    @Sendable package static func now() -> String {
        DateTime(seconds: Int64(Date().timeIntervalSince1970)).description
    }
}
