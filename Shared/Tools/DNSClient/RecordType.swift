// SPDX-License-Identifier: Apache-2.0

/// Types that we ask for, with their numbers on the wire.
package enum RecordType: UInt16, Sendable, CaseIterable {
    case a = 1
    case cname = 5
    case ptr = 12
    case mx = 15
    case txt = 16
    case aaaa = 28
    case srv = 33
    case tlsa = 52
}
