"""Parsers and writers: CSV, XLSX, XML, YAML with lines, 大写, 统一社会信用代码."""
