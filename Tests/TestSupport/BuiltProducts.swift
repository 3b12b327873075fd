import SystemPackage

/// The programs that were built together with the tests.
public enum BuiltProducts {
    /// The path of a built program.
    ///
    /// The test runner is told where the bundle of tests lies, which is the directory of all products.
    public static func path(of program: String) throws -> String {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return FilePath(bundle).removingLastComponent().appending(program).string
    }
}
