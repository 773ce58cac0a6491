// SPDX-License-Identifier: Apache-2.0
import Foundation

enum SystemClock {
    /// Seconds since 1970.
    static func seconds() -> Int64 { Int64(Date().timeIntervalSince1970) }
}
