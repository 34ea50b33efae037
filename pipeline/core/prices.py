"""Adjust US dollars for inflation by the yearly consumer price index."""

REAL_USD_YEAR = 2024
"""Every `*_usd_real` is in dollars of this year. It is fixed, also when the table grows."""

CPI_U = {
    1913: 9.9, 1914: 10.0, 1915: 10.1, 1916: 10.9, 1917: 12.8, 1918: 15.1, 1919: 17.3,
    1920: 20.0, 1921: 17.9, 1922: 16.8, 1923: 17.1, 1924: 17.1, 1925: 17.5, 1926: 17.7,
    1927: 17.4, 1928: 17.1, 1929: 17.1, 1930: 16.7, 1931: 15.2, 1932: 13.7, 1933: 13.0,
    1934: 13.4, 1935: 13.7, 1936: 13.9, 1937: 14.4, 1938: 14.1, 1939: 13.9, 1940: 14.0,
    1941: 14.7, 1942: 16.3, 1943: 17.3, 1944: 17.6, 1945: 18.0, 1946: 19.5, 1947: 22.3,
    1948: 24.1, 1949: 23.8, 1950: 24.1, 1951: 26.0, 1952: 26.5, 1953: 26.7, 1954: 26.9,
    1955: 26.8, 1956: 27.2, 1957: 28.1, 1958: 28.9, 1959: 29.1, 1960: 29.6, 1961: 29.9,
    1962: 30.2, 1963: 30.6, 1964: 31.0, 1965: 31.5, 1966: 32.4, 1967: 33.4, 1968: 34.8,
    1969: 36.7, 1970: 38.8, 1971: 40.5, 1972: 41.8, 1973: 44.4, 1974: 49.3, 1975: 53.8,
    1976: 56.9, 1977: 60.6, 1978: 65.2, 1979: 72.6, 1980: 82.4, 1981: 90.9, 1982: 96.5,
    1983: 99.6, 1984: 103.9, 1985: 107.6, 1986: 109.6, 1987: 113.6, 1988: 118.3, 1989: 124.0,
    1990: 130.7, 1991: 136.2, 1992: 140.3, 1993: 144.5, 1994: 148.2, 1995: 152.4, 1996: 156.9,
    1997: 160.5, 1998: 163.0, 1999: 166.6, 2000: 172.2, 2001: 177.1, 2002: 179.9, 2003: 184.0,
    2004: 188.9, 2005: 195.3, 2006: 201.6, 2007: 207.342, 2008: 215.303, 2009: 214.537,
    2010: 218.056, 2011: 224.939, 2012: 229.594, 2013: 232.957, 2014: 236.736, 2015: 237.017,
    2016: 240.007, 2017: 245.120, 2018: 251.107, 2019: 255.657, 2020: 258.811, 2021: 270.970,
    2022: 292.655, 2023: 304.702, 2024: 313.689,
}  # fmt: skip
"""Consumer price index of all urban consumers, all items, annual averages, 1982-84 = 100.

Source:
    U.S. Bureau of Labor Statistics, series CUUR0000SA0 (US city average, not seasonally adjusted).
"""

FIRST_YEAR, LAST_YEAR = min(CPI_U), max(CPI_U)


def index_year(year: int | None) -> int | None:
    """Return the year whose index applies to `year`: itself, or the table's last one after its end.

    Returns:
        None before the table begins, and where the year is not known.

    Example:
        >>> index_year(1997), index_year(2050), index_year(1912)
        (1997, 2024, None)
    """
    return None if year is None or year < FIRST_YEAR else min(year, LAST_YEAR)


def to_real_usd(
    amount_usd: float | None, year: int | None, base_year: int = REAL_USD_YEAR
) -> float | None:
    """Convert dollars of a year into dollars of `base_year`, rounded to cents.

    Args:
        amount_usd: US dollars of `year`, or None where unknown.
        year: Year in which the amount was spent or earned. A year after the table's end counts as
            the table's last, see `index_year`.
        base_year: A year of the table.

    Returns:
        None where the amount or the year is not known, and before 1913.

    Raises:
        ValueError: `base_year` is not in the table.

    Example:
        >>> to_real_usd(1000.0, 1950, base_year=2010)
        9047.97
    """
    if base_year not in CPI_U:
        raise ValueError(f"base_year must lie in {FIRST_YEAR} to {LAST_YEAR}, got {base_year}")
    known = index_year(year)
    if amount_usd is None or known is None:
        return None
    return round(amount_usd * CPI_U[base_year] / CPI_U[known], 2)
