"""The drill: three outages from the first call to the closed file, on a throwaway site, through the API that clients use."""
