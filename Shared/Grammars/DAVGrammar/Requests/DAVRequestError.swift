// SPDX-License-Identifier: Apache-2.0

/// Why a well-formed body is no request that we can carry out.
package enum DAVRequestError: Error, Equatable, Sendable {
    /// 400: an element is missing, unknown where it must be known, or says nothing.
    case malformed(String)
    /// 403 `supported-report`
    case unknownReport(XMLName)
    /// 403 `supported-filter`
    case unsupportedFilter(String)
    /// 412 `supported-collation`
    case unsupportedCollation(String)
    /// 403 `supported-calendar-data` or `supported-address-data`
    case unsupportedData
}

/// Bounds inside requests.
package enum DAVLimits {
    package static let properties = 500
    /// Addresses in one multiget.
    package static let addresses = 5_000
    /// Levels of filters, and filters in one level.
    package static let filterDepth = 8
    package static let filters = 50
}
