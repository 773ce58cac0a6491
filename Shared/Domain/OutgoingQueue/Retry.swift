// SPDX-License-Identifier: Apache-2.0

/// When a delivery that failed for now is tried again (RFC 5321 section 4.5.4.1).
package enum Retry {
    /// Minutes after the n-th failed attempt; the last repeats.
    static let minutes = [1, 5, 15, 30, 60, 120, 240]

    /// Seconds after which a delivery is given up, counted from its arrival: five days.
    package static let giveUpAfter = 5 * 24 * 3_600

    /// Seconds after which the sender is told, once, that the message is late.
    package static let tellDelayAfter = 4 * 3_600

    /// Seconds to wait after `attempts` failed attempts (1 or more). `spread` (0…1) moves it by up to a tenth, so that
    /// a destination that was away does not get everything at once.
    package static func wait(afterAttempts attempts: Int, spread: Double) -> Int {
        let base = minutes[min(max(attempts, 1), minutes.count) - 1] * 60
        return base + Int(Double(base) / 10 * min(max(spread, 0), 1))
    }
}
