// SPDX-License-Identifier: Apache-2.0
import Glibc

enum Clock {
    /// Since 1970.
    static func seconds() -> Int { Int(time(nil)) }
}
