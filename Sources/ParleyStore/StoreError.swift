internal import GRDB

/// What went wrong with a file of ours: a code, the place and the cause. Sentences with hints are made where
/// a person reads them.
package struct StoreError: Error, Equatable, Sendable {
    package enum Code: String, Sendable {
        /// Another process held the file for longer than we wait.
        case busy
        case diskFull
        /// The file is not a database, or a page of it is wrong.
        case damaged
        case cannotOpen
        case readOnly
        /// A newer version of Parley has written this file.
        case tooNew
        /// The file breaks a rule that this code relies on; a defect of ours or of the file.
        case inconsistent
        case failed
    }

    package var code: Code
    package var path: String
    package var cause: String

    package init(_ code: Code, path: String, cause: String) {
        self.code = code
        self.path = path
        self.cause = cause
    }

    /// Translates what SQLite says. Errors that are ours already pass unchanged.
    package init(_ error: any Error, path: String) {
        if let known = error as? StoreError {
            self = known
        } else if let refusal = error as? DatabaseError {
            self.init(
                Self.code(of: refusal.resultCode), path: path, cause: refusal.message ?? refusal.description)
        } else {
            self.init(.failed, path: path, cause: "\(error)")
        }
    }

    private static func code(of result: ResultCode) -> Code {
        switch result {
        case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
        case .SQLITE_FULL: .diskFull
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: .damaged
        case .SQLITE_CANTOPEN: .cannotOpen
        case .SQLITE_READONLY, .SQLITE_PERM: .readOnly
        default: .failed
        }
    }
}
